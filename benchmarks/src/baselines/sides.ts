import { join } from 'node:path'
import type { Effort, Side } from '../measure/side.js'
import { WorkerProcess } from '../processes/worker-process.js'
import type { EchoWorker } from './echo.worker.js'
import type { EchoLoadWorker } from './echo-load.worker.js'
import type { EchoRelayWorker } from './echo-relay.worker.js'
import type { FileWriteWorker } from './file-write.worker.js'
import type { HashRelayWorker } from './hash-relay.worker.js'
import type { HashSinkWorker } from './hash-sink.worker.js'
import type { HashSourceWorker } from './hash-source.worker.js'
import type { SqliteRowsWorker } from './sqlite-rows.worker.js'

export const smallBytes = 1024
/** A warm-up is this share of a timed run. */
const warmUpShare = 0.25

function moduleOf(name: string): URL {
  return new URL(`./${name}.worker.js`, import.meta.url)
}

async function stopAll(processes: readonly { stop(): Promise<void> }[]): Promise<void> {
  await Promise.all(processes.map(process => process.stop()))
}

/** Raw group-committed rows, `batch` per transaction. */
export async function sqliteRows(directory: string, batch: number, effort: Effort): Promise<Side> {
  const worker = new WorkerProcess<SqliteRowsWorker>('sqlite', moduleOf('sqlite-rows'))
  await worker.call('open', { file: join(directory, `rows-${worker.pid}.sqlite`) })
  const run = (seconds: number) => worker.call('run', { batch, bodyBytes: smallBytes, seconds })
  return {
    processes: [worker],
    run: () => run(effort.seconds),
    warmUp: async () => void (await run(effort.seconds * warmUpShare)),
    close: () => stopAll([worker]),
  }
}

/** A MessagePack echo through one relay process. */
export async function echoThroughRelay(inFlight: number, effort: Effort): Promise<Side> {
  const echo = new WorkerProcess<EchoWorker>('echo', moduleOf('echo'))
  const relay = new WorkerProcess<EchoRelayWorker>('relay', moduleOf('echo-relay'))
  const load = new WorkerProcess<EchoLoadWorker>('client', moduleOf('echo-load'))
  const echoPort = await echo.call('listen', { bodyBytes: smallBytes })
  const port = await relay.call('listen', { echoPort })
  await load.call('connect', { port })
  const run = (seconds: number) => load.call('run', { inFlight, bodyBytes: smallBytes, seconds })
  return {
    processes: [echo, relay, load],
    run: () => run(effort.seconds),
    warmUp: async () => void (await run(effort.seconds * warmUpShare)),
    close: () => stopAll([load, relay, echo]),
  }
}

/** A raw, synced file write of `copies` times the bytes. */
export async function fileWrite(directory: string, copies: number, effort: Effort): Promise<Side> {
  const worker = new WorkerProcess<FileWriteWorker>('writer', moduleOf('file-write'))
  const file = join(directory, `raw-${worker.pid}`)
  const run = () => worker.call('run', { file, bytes: effort.largeBytes, copies })
  return { processes: [worker], run, warmUp: async () => void (await run()), close: () => stopAll([worker]) }
}

/** A body through three processes, hashed by the first and the last. */
export async function hashingRelay(effort: Effort): Promise<Side> {
  const source = new WorkerProcess<HashSourceWorker>('source', moduleOf('hash-source'))
  const relay = new WorkerProcess<HashRelayWorker>('relay', moduleOf('hash-relay'))
  const sink = new WorkerProcess<HashSinkWorker>('sink', moduleOf('hash-sink'))
  const bytes = effort.largeBytes
  const sourcePort = await source.call('listen', { bytes })
  const port = await relay.call('listen', { sourcePort })
  const run = () => sink.call('run', { port, bytes })
  return {
    processes: [source, relay, sink],
    run,
    warmUp: async () => void (await run()),
    close: () => stopAll([sink, relay, source]),
  }
}
