import { randomBytes } from 'node:crypto'
import type { Effort, Sample, Side } from '../measure/side.js'
import { WorkerProcess } from '../processes/worker-process.js'
import type { Cluster } from './cluster.js'
import type { LoadWorker } from './load.worker.js'

const warmUpShare = 0.25
/** Objects that a GET load reads in turn, for each second of a run. */
const keysPerSecond = 2_000

export interface SmallShape {
  readonly replicas: number
  readonly inFlight: number
  readonly bodyBytes: number
}

type Load = WorkerProcess<LoadWorker>

/** A client process of its own, connected, with a bucket of its own. */
export async function startLoad(cluster: Cluster, replicas: number): Promise<{ load: Load; bucket: string }> {
  const load = new WorkerProcess<LoadWorker>('client', new URL('./load.worker.js', import.meta.url))
  try {
    await load.call('connect', { server: cluster.server, credentials: cluster.credentials })
    const bucket = `bench-${randomBytes(6).toString('hex')}`
    await load.call('createBucket', { bucket, replicas })
    return { load, bucket }
  } catch (error) {
    await load.stop()
    throw error
  }
}

function sideOf(cluster: Cluster, load: Load, run: (share: number) => Promise<Sample>): Side {
  return {
    processes: [...cluster.processes, load],
    run: () => run(1),
    warmUp: async () => void (await run(warmUpShare)),
    close: () => load.stop(),
  }
}

/** PUT of new keys. */
export async function smallPut(cluster: Cluster, shape: SmallShape, effort: Effort): Promise<Side> {
  const { load, bucket } = await startLoad(cluster, shape.replicas)
  const { inFlight, bodyBytes } = shape
  return sideOf(cluster, load, share =>
    load.call('putSmall', { bucket, inFlight, bodyBytes, seconds: effort.seconds * share }),
  )
}

/** GET of the latest version of keys that are there. */
export async function smallGet(cluster: Cluster, shape: SmallShape, effort: Effort): Promise<Side> {
  const { load, bucket } = await startLoad(cluster, shape.replicas)
  const { inFlight, bodyBytes } = shape
  const keys = Math.ceil(keysPerSecond * effort.seconds)
  await load.call('fill', { bucket, keys, bodyBytes })
  return sideOf(cluster, load, share =>
    load.call('getSmall', { bucket, inFlight, bodyBytes, keys, seconds: effort.seconds * share }),
  )
}

export async function largePut(cluster: Cluster, replicas: number, effort: Effort): Promise<Side> {
  const { load, bucket } = await startLoad(cluster, replicas)
  let count = 0
  return sideOf(cluster, load, () =>
    load.call('putLarge', { bucket, key: `large/${++count}`, bytes: effort.largeBytes }),
  )
}

export async function largeGet(cluster: Cluster, replicas: number, effort: Effort): Promise<Side> {
  const { load, bucket } = await startLoad(cluster, replicas)
  const key = 'large'
  await load.call('putLarge', { bucket, key, bytes: effort.largeBytes })
  return sideOf(cluster, load, () => load.call('getLarge', { bucket, key }))
}
