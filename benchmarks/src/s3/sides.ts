import type { Effort, Sample, Side } from '../measure/side.js'
import { WorkerProcess } from '../processes/worker-process.js'
import type { Cluster } from '../torc/cluster.js'
import type { LoadWorker } from '../torc/load.worker.js'
import { startLoad } from '../torc/sides.js'
import type { S3LoadWorker } from './s3-load.worker.js'

export interface S3Shape {
  readonly method: 'GET' | 'PUT'
  readonly bodyBytes: number
  readonly inFlight: number
  readonly replicas: number
}

const warmUpShare = 0.25
/** Bytes and objects that a GET load reads in turn. */
const readBytes = 64 * 1024 * 1024
const readKeysMax = 4_000

function keysOf(bodyBytes: number): number {
  return Math.min(readKeysMax, Math.max(4, Math.ceil(readBytes / bodyBytes)))
}

function sideOf(
  cluster: Cluster,
  load: WorkerProcess<LoadWorker> | WorkerProcess<S3LoadWorker>,
  run: (share: number) => Promise<Sample>,
  close: () => Promise<void>,
): Side {
  return {
    processes: [...cluster.processes, load],
    run: () => run(1),
    warmUp: async () => void (await run(warmUpShare)),
    close,
  }
}

/** The client library over the native protocol. */
export async function nativeSide(cluster: Cluster, shape: S3Shape, effort: Effort): Promise<Side> {
  const { method, bodyBytes, inFlight, replicas } = shape
  const { load, bucket } = await startLoad(cluster, replicas)
  const keys = keysOf(bodyBytes)
  if (method === 'GET') await load.call('fill', { bucket, keys, bodyBytes })
  const run = (share: number): Promise<Sample> => {
    const common = { bucket, inFlight, bodyBytes, seconds: effort.seconds * share }
    return method === 'PUT' ? load.call('putFresh', common) : load.call('readBodies', { ...common, keys })
  }
  return sideOf(cluster, load, run, () => load.stop())
}

/** Signed requests to the S3 face of the same server. */
export async function s3Side(cluster: Cluster, shape: S3Shape, effort: Effort): Promise<Side> {
  const { method, bodyBytes, inFlight, replicas } = shape
  const { load: native, bucket } = await startLoad(cluster, replicas)
  const keys = keysOf(bodyBytes)
  try {
    if (method === 'GET') await native.call('fill', { bucket, keys, bodyBytes })
  } finally {
    await native.stop()
  }
  const load = new WorkerProcess<S3LoadWorker>('client', new URL('./s3-load.worker.js', import.meta.url))
  try {
    await load.call('connect', { s3: cluster.s3, credentials: cluster.credentials, inFlight })
  } catch (error) {
    await load.stop()
    throw error
  }
  const run = (share: number): Promise<Sample> => {
    const common = { bucket, inFlight, bodyBytes, seconds: effort.seconds * share }
    return method === 'PUT' ? load.call('putFresh', common) : load.call('readBodies', { ...common, keys })
  }
  return sideOf(cluster, load, run, () => load.stop())
}
