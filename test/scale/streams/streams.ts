import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Cluster } from '../../harness/processes/cluster.js'
import { peakMemoryBytes } from '../../harness/processes/peak-memory.js'
import type { ClientReport, ClientTask } from './client.js'
import type { StreamOptions } from './options.js'

export interface ProcessPeak {
  readonly process: string
  /** Bytes after all bodies were sent, and after all were read; undefined where the system does not tell them. */
  readonly afterPut: number | undefined
  readonly afterGet: number | undefined
}

export interface StreamResult {
  readonly peaks: readonly ProcessPeak[]
  readonly putMs: number
  readonly getMs: number
  /** The processes whose peak is above the limit. */
  readonly over: readonly string[]
}

/** Sends bodies in parallel through one server, then reads them in parallel, and looks at each process's memory. */
export async function runStreams(
  options: Pick<StreamOptions, 'streams' | 'bytes' | 'replicas' | 'memoryBytesMax'>,
): Promise<StreamResult> {
  const cluster = await Cluster.start({ logLevel: 'warn' })
  try {
    const { streams, bytes, replicas, memoryBytesMax } = options
    const { server, credentials } = cluster
    const task: ClientTask = { server, credentials, bucket: 'streams', streams, bytes, replicas }
    return await runClient(cluster, task, memoryBytesMax)
  } finally {
    await cluster.stop()
  }
}

async function runClient(cluster: Cluster, task: ClientTask, memoryBytesMax: number): Promise<StreamResult> {
  const environment = { ...process.env }
  // What a test runner loads into its processes is no part of the client.
  delete environment.NODE_OPTIONS
  const module = fileURLToPath(new URL('./client.js', import.meta.url))
  const client = fork(module, [JSON.stringify(task)], { execArgv: [], env: environment })
  const exited = once(client, 'exit')
  const processes = [
    { name: 'server', pid: cluster.serverPid },
    ...cluster.agents.map(({ pid }, i) => ({ name: `agent-${i + 1}`, pid })),
    { name: 'client', pid: client.pid ?? 0 },
  ]
  const peaks = (): (number | undefined)[] => processes.map(({ pid }) => peakMemoryBytes(pid))
  const phases = new Map<'put' | 'get', { milliseconds: number; peaks: (number | undefined)[] }>()
  try {
    await new Promise<void>((resolve, reject) => {
      client.on('message', message => {
        const report = message as ClientReport
        if ('error' in report) reject(new Error(report.error))
        else {
          phases.set(report.phase, { milliseconds: report.milliseconds, peaks: peaks() })
          if (report.phase === 'get') resolve()
        }
      })
      client.on('exit', code => reject(new Error(`the client ended with ${code}`)))
    })
    client.send('done')
  } catch (error) {
    client.kill('SIGKILL')
    throw error
  } finally {
    await exited
  }
  const [put, get] = [phases.get('put'), phases.get('get')]
  const found = processes.map(({ name }, i) => ({
    process: name,
    afterPut: put?.peaks[i],
    afterGet: get?.peaks[i],
  }))
  const over = found.filter(({ afterGet }) => afterGet !== undefined && afterGet > memoryBytesMax)
  return {
    peaks: found,
    putMs: put?.milliseconds ?? Number.NaN,
    getMs: get?.milliseconds ?? Number.NaN,
    over: over.map(peak => peak.process),
  }
}
