import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Case } from './cases.js'
import { type Comparison, interleave } from './measure/interleave.js'
import type { Effort, Side } from './measure/side.js'
import type { CaseResult } from './report/table.js'
import { type Cluster, startCluster } from './torc/cluster.js'

const agents = 3

export interface RunOptions extends Effort {
  readonly directory: string
  readonly baselinesOnly: boolean
  /** Ends the run; what it started is stopped and removed all the same. */
  readonly signal?: AbortSignal
  /** Told about each case as it begins and ends. */
  readonly onBegin?: (name: string) => void
  readonly onResult?: (result: CaseResult) => void
}

/**
 * Runs the cases one after another against one cluster. All data lies in a new folder that is removed at the end,
 * also after a failure.
 */
export async function runCases(cases: readonly Case[], options: RunOptions): Promise<readonly CaseResult[]> {
  const directory = mkdtempSync(join(options.directory, 'torc-bench-'))
  let cluster: Cluster | undefined
  try {
    if (!options.baselinesOnly) cluster = await startCluster(join(directory, 'cluster'), agents)
    const results: CaseResult[] = []
    for (const one of cases) {
      options.signal?.throwIfAborted()
      options.onBegin?.(one.name)
      const result = { case: one, comparison: await compare(one, directory, cluster, options) }
      options.onResult?.(result)
      results.push(result)
    }
    return results
  } finally {
    await cluster?.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function compare(
  one: Case,
  directory: string,
  cluster: Cluster | undefined,
  effort: RunOptions,
): Promise<Comparison> {
  const sides: Side[] = []
  try {
    const baseline = await one.baseline(directory, effort, cluster)
    sides.push(baseline)
    const torc = cluster === undefined ? undefined : await one.torc(cluster, effort)
    if (torc !== undefined) sides.push(torc)
    return await unlessAborted(interleave(baseline, torc, effort.rounds), effort.signal)
  } finally {
    for (const side of sides) await side.close()
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
