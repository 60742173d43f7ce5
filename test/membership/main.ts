// npm run membership -- [--minutes 10] [--agents 4] [--writers 16]
import { parseArgs } from 'node:util'
import { membershipUnderLoad } from './under-load.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    agents: { type: 'string', default: '4' },
    writers: { type: 'string', default: '16' },
  },
})
const result = await membershipUnderLoad({
  seconds: Number(values.minutes) * 60,
  agents: Number(values.agents),
  writers: Number(values.writers),
  onProgress: text => console.error(text),
})
console.log(JSON.stringify(result))
if (result.falseWords.length > 0) process.exitCode = 1
