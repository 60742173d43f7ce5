// npm run rounds -- [--rounds 200] [--seed 1] [--check-every 20]
import { parseArgs } from 'node:util'
import { blockRounds } from './block-rounds.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    'check-every': { type: 'string', default: '20' },
  },
})
const result = await blockRounds({
  rounds: Number(values.rounds),
  seed: values.seed,
  checkEvery: Number(values['check-every']),
  onProgress: text => console.error(text),
})
console.log(JSON.stringify(result))
if (result.problems.length > 0) process.exitCode = 1
