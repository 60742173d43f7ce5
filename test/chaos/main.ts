// npm run chaos -- [--minutes 2 | --each [--seconds 15]] [--seed S] [--only NAME]... [--history FILE] [--json]
//   [--network proxies | namespaces]
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { chaos } from './chaos.js'
import type { NetworkKind } from './cluster/chaos-cluster.js'
import { namespacesProblem, runInside } from './cluster/namespaces.js'
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
    network: { type: 'string', default: 'proxies' },
    /** This process is in namespaces of its own. */
    inside: { type: 'boolean', default: false },
  },
})
const { seed, json } = values
const print = (text: string): void => console.log(text)
if (values.network !== 'proxies' && values.network !== 'namespaces')
  throw new Error('--network is proxies or namespaces')
if (values.network === 'namespaces' && !values.inside) {
  const problem = namespacesProblem()
  if (problem === undefined) process.exitCode = await runInside([...process.argv.slice(1), '--inside'])
  else print(tellNote(`nothing was run: network namespaces can't be made here: ${problem}`, json))
} else await run(values.network)

async function run(network: NetworkKind): Promise<void> {
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => interrupted.abort(new Error(`${signal} came`)))
  print(json ? JSON.stringify({ event: 'begin', seed }) : `seed ${seed}`)
  try {
    const result = await chaos({
      ...{ seed, network, only: values.only, historyFile: values.history, signal: interrupted.signal },
      how: values.each
        ? { eachMs: Number(values.seconds) * 1000 }
        : { lastsMs: Number(values.minutes) * 60_000 },
      onPhase: report => print(tellPhase(report, json)),
      onNote: text => print(tellNote(text, json)),
    })
    print(tellResult(result, json))
    if (result.problems.length > 0) process.exitCode = 1
  } catch (error) {
    if (!interrupted.signal.aborted) throw error
    process.exitCode = 130
  }
}
