import { echoThroughRelay, fileWrite, hashingRelay, smallBytes, sqliteRows } from './baselines/sides.js'
import type { Effort, Side } from './measure/side.js'
import { nativeSide, type S3Shape, s3Side } from './s3/sides.js'
import type { Cluster } from './torc/cluster.js'
import { largeGet, largePut, smallGet, smallPut } from './torc/sides.js'

/** One comparison: what is measured, against what, and the ratio that is aimed at. */
export interface Case {
  readonly name: string
  /** Replicas of the bucket. */
  readonly replicas: number
  readonly inFlight: number
  readonly unit: 'operations' | 'bytes'
  /** What the baseline is, in a few words. */
  readonly against: string
  readonly aim: number | undefined
  /** The baseline is Torc too, by another way: it can't be measured without a cluster. */
  readonly baselineNeedsCluster?: boolean
  baseline(directory: string, effort: Effort, cluster: Cluster | undefined): Promise<Side>
  torc(cluster: Cluster, effort: Effort): Promise<Side>
}

const replicaCounts = [1, 3] as const
const inFlightCounts = [16, 64] as const
const aims: Readonly<Record<string, number>> = {
  'put-small-n1-64': 0.35,
  'put-small-n3-64': 0.16,
  'get-small-n1-64': 0.4,
  'get-small-n3-64': 0.25,
  'put-large-n1': 0.5,
  'put-large-n3': 0.7,
  'get-large-n1': 0.6,
  'get-large-n3': 0.7,
}

function smallPutCase(replicas: number, inFlight: number): Case {
  const name = `put-small-n${replicas}-${inFlight}`
  return {
    name,
    replicas,
    inFlight,
    unit: 'operations',
    against: `SQLite rows, ${inFlight} per commit`,
    aim: aims[name],
    baseline: (directory, effort) => sqliteRows(directory, inFlight, effort),
    torc: (cluster, effort) => smallPut(cluster, { replicas, inFlight, bodyBytes: smallBytes }, effort),
  }
}

function smallGetCase(replicas: number, inFlight: number): Case {
  const name = `get-small-n${replicas}-${inFlight}`
  return {
    name,
    replicas,
    inFlight,
    unit: 'operations',
    against: 'MessagePack echo through a relay',
    aim: aims[name],
    baseline: (_directory, effort) => echoThroughRelay(inFlight, effort),
    torc: (cluster, effort) => smallGet(cluster, { replicas, inFlight, bodyBytes: smallBytes }, effort),
  }
}

function largePutCase(replicas: number): Case {
  const name = `put-large-n${replicas}`
  return {
    name,
    replicas,
    inFlight: 1,
    unit: 'bytes',
    against: replicas === 1 ? 'synced file write' : `synced file write of ${replicas} × the bytes`,
    aim: aims[name],
    baseline: (directory, effort) => fileWrite(directory, replicas, effort),
    torc: (cluster, effort) => largePut(cluster, replicas, effort),
  }
}

function largeGetCase(replicas: number): Case {
  const name = `get-large-n${replicas}`
  return {
    name,
    replicas,
    inFlight: 1,
    unit: 'bytes',
    against: 'relay of three processes, hashing at both ends',
    aim: aims[name],
    baseline: (_directory, effort) => hashingRelay(effort),
    torc: (cluster, effort) => largeGet(cluster, replicas, effort),
  }
}

const s3Sizes = [
  { size: '4k', bodyBytes: 4 * 1024, inFlight: 16, aim: 0.5 },
  { size: '256k', bodyBytes: 256 * 1024, inFlight: 16, aim: 0.5 },
  { size: '10m', bodyBytes: 10 * 1024 * 1024, inFlight: 4, aim: 0.8 },
] as const

function s3Case(
  method: S3Shape['method'],
  { size, bodyBytes, inFlight, aim }: (typeof s3Sizes)[number],
): Case {
  const shape: S3Shape = { method, bodyBytes, inFlight, replicas: 3 }
  return {
    ...{ name: `s3-${method.toLowerCase()}-${size}`, replicas: 3, inFlight, unit: 'operations', aim },
    against: 'the client library over the native protocol',
    baselineNeedsCluster: true,
    baseline: (_directory, effort, cluster) => {
      if (cluster === undefined) throw new Error('the native protocol needs a cluster')
      return nativeSide(cluster, shape, effort)
    },
    torc: (cluster, effort) => s3Side(cluster, shape, effort),
  }
}

export const cases: readonly Case[] = [
  ...replicaCounts.flatMap(replicas => inFlightCounts.map(inFlight => smallPutCase(replicas, inFlight))),
  ...replicaCounts.flatMap(replicas => inFlightCounts.map(inFlight => smallGetCase(replicas, inFlight))),
  ...replicaCounts.map(largePutCase),
  ...replicaCounts.map(largeGetCase),
  ...s3Sizes.map(size => s3Case('PUT', size)),
  ...s3Sizes.map(size => s3Case('GET', size)),
]
