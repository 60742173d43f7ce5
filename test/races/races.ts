import { randomBytes } from 'node:crypto'
import { connect, type Store } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import { versionIdOf } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import {
  linearizabilityProblem,
  type RegisterCall,
  type RegisterEvent,
} from '../harness/checkers/linearizability.js'
import { type Cluster, startCluster } from '../harness/processes/cluster.js'

export interface RaceOptions {
  /** Racers at once; 50 when absent. */
  readonly racers?: number
  readonly rounds: number
  readonly onRound?: (round: number) => void
}

export interface RaceResult {
  /** What went wrong, in words. */
  readonly problems: readonly string[]
  /** Increments that took place, of how many. */
  readonly successes: number
  readonly attempts: number
}

const agents = 4
/** Clients, spread over the servers: several of the racers share one. */
const clients = 12
const bucket = 'race'
/** A racer waits as long as its turn takes. */
const timeoutMs = 120_000

/**
 * Real processes, three servers: in each round all racers, released together, create one key, while an agent is killed;
 * exactly one may win. Then as many racers increment a counter, each over what it read.
 */
export async function race({ racers = 50, rounds, onRound }: RaceOptions): Promise<RaceResult> {
  const cluster = await startCluster({ servers: 3, agents })
  const stores: Store[] = []
  try {
    const { servers } = cluster
    const credentials = readCredentials(cluster.credentials)
    for (let i = 0; i < clients; i++) {
      const first = i % servers.length
      const inTurn = [...servers.slice(first), ...servers.slice(0, first)]
      stores.push(await connect({ servers: inTurn, credentials }))
    }
    const of = (racer: number): Store => stores[racer % clients] as Store
    await of(0).createBucket(bucket)
    const problems: string[] = []
    for (let round = 0; round < rounds; round++) {
      problems.push(...(await raceToCreate(cluster, of, round, racers)))
      onRound?.(round)
    }
    const counted = await raceToIncrement(of, racers)
    return { ...counted, problems: [...problems, ...counted.problems] }
  } finally {
    await Promise.all(stores.map(store => store.close()))
    await cluster.stop()
  }
}

type StoreOf = (racer: number) => Store

async function raceToCreate(cluster: Cluster, of: StoreOf, round: number, racers: number): Promise<string[]> {
  const key = `round-${round}`
  let release: () => void = () => undefined
  const barrier = new Promise<void>(resolve => {
    release = resolve
  })
  const racing = Array.from({ length: racers }, async (_, racer) => {
    await barrier
    const body = `by ${racer}`
    const versionId = await attempt(() => of(racer).put(bucket, key, body, { ifNoneMatch: '*', timeoutMs }))
    return versionId === undefined ? [] : [{ versionId, body }]
  })
  release()
  const killed = cluster.killAndRestart(`agent-${1 + (round % agents)}`)
  const [winner, ...others] = (await Promise.all(racing)).flat()
  await killed
  if (winner === undefined) return [`${key}: nobody won`]
  if (others.length > 0) return [`${key}: ${1 + others.length} won`]
  const object = await of(round).get(bucket, key)
  if (object.versionId !== winner.versionId || (await object.text()) !== winner.body)
    return [`${key}: shows ${object.versionId}, and ${winner.versionId} won`]
  return object.siblings.length > 0 ? [`${key}: has siblings`] : []
}

const turns = 3

async function raceToIncrement(of: StoreOf, racers: number): Promise<RaceResult> {
  const key = 'counter'
  const history: RegisterEvent[] = []
  let clock = 0
  const created = await of(0).put(bucket, key, '0', { ifNoneMatch: '*', timeoutMs })
  const call: RegisterCall = { kind: 'create', value: created.versionId }
  history.push({ call, calledAt: clock++, returnedAt: clock++, result: 'done' })
  let successes = 0
  const increment = async (store: Store): Promise<void> => {
    const readAt = clock++
    const object = await store.get(bucket, key)
    const expected = object.versionId
    const next = String(Number(await object.text()) + 1)
    const read = { call: { kind: 'read' }, calledAt: readAt, returnedAt: clock++ } as const
    history.push({ ...read, result: { shown: expected } })
    const opId = randomBytes(16)
    const calledAt = clock++
    const written = await attempt(() => store.put(bucket, key, next, { ifMatch: expected, opId, timeoutMs }))
    const write: RegisterCall = { kind: 'replace', expected, value: versionIdOf(opId) }
    if (written !== undefined) successes++
    const result = written === undefined ? 'refused' : 'done'
    history.push({ call: write, calledAt, returnedAt: clock++, result })
  }
  await Promise.all(
    Array.from({ length: racers }, async (_, racer) => {
      for (let turn = 0; turn < turns; turn++) await increment(of(racer))
    }),
  )
  const problems: string[] = []
  const count = await (await of(0).get(bucket, key)).text()
  if (count !== String(successes))
    problems.push(`the counter is ${count}, ${successes} increments took place`)
  const problem = linearizabilityProblem(history)
  if (problem !== undefined) problems.push(problem)
  return { problems, successes, attempts: turns * racers }
}

/** The version that was written; undefined where the condition failed. */
async function attempt(write: () => Promise<{ readonly versionId: string }>): Promise<string | undefined> {
  try {
    return (await write()).versionId
  } catch (thrown) {
    if (TorcError.from(thrown).code === 'CONDITION_FAILED') return undefined
    throw thrown
  }
}
