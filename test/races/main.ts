// npm run races -- [--rounds 20] [--racers 50]
import { parseArgs } from 'node:util'
import { race } from './races.js'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, racers: { type: 'string', default: '50' } },
})
const rounds = Number(values.rounds)
const result = await race({
  rounds,
  racers: Number(values.racers),
  onRound: round => process.stderr.write(`round ${round + 1} of ${rounds}\n`),
})
console.log(JSON.stringify({ rounds, ...result }))
if (result.problems.length > 0) process.exitCode = 1
