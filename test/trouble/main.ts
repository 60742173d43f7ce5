// npm run trouble -- [--seconds 30] [--seed 1] [--only "kill -9,link"]
import { parseArgs } from 'node:util'
import { makeTrouble } from './trouble.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
})
const { reports, problems } = await makeTrouble({
  lastsMs: Number(values.seconds) * 1000,
  seed: values.seed,
  only: values.only === '' ? [] : values.only.split(','),
  onProgress: text => console.error(text),
})
console.log(JSON.stringify({ reports, problems }))
if (problems.length > 0) process.exitCode = 1
