// npm run chaos -- [--minutes 2 | --each [--seconds 15]] [--seed S] [--only NAME]... [--history FILE] [--json]
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { chaos } from './chaos.js'
import { tellNote, tellPhase, tellResult } from './report.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    each: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '15' },
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
    only: { type: 'string', multiple: true, default: [] },
    history: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const { seed, json } = values
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => interrupted.abort(new Error(`${signal} came`)))
const print = (text: string): void => console.log(text)
print(json ? JSON.stringify({ event: 'begin', seed }) : `seed ${seed}`)
const result = await chaos({
  seed,
  how: values.each ? { eachMs: Number(values.seconds) * 1000 } : { lastsMs: Number(values.minutes) * 60_000 },
  only: values.only,
  historyFile: values.history,
  onPhase: report => print(tellPhase(report, json)),
  onNote: text => print(tellNote(text, json)),
  signal: interrupted.signal,
})
print(tellResult(result, json))
if (result.problems.length > 0) process.exitCode = 1
