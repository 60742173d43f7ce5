import { type CausalContext, covers, emptyContext, joinContexts } from '@torc/cluster/clocks/causal-context'
import { dotsEqual, dotText } from '@torc/cluster/clocks/dot'
import { digestsEqual } from '@torc/cluster/state/digest'
import type { Version } from '@torc/cluster/state/version'
import { systemHasher } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type { DeliveredDelta } from '../../src/hints/key-delivery.js'
import { newerCollection } from '../../src/remainders/collection-numbers.js'
import { type CollectionTask, collect } from '../../src/remainders/collector.js'
import type { OtherRemainders } from '../../src/remainders/other-agents-remainders.js'
import { type IndexFixture, remainderMs } from '../index/index-fixture.js'

import { fallback, keys, nameOf, owners, partition, quorum, WorldAgent } from './world-agent.js'

/** What is on its way, to an agent or back to a server. */
interface Message {
  readonly what: string
  /** A server's own step comes once; what is sent may come again. */
  readonly once?: boolean
  readonly come: () => void
  readonly lost?: () => void
}

/**
 * Owners of two keys and a fallback, real indexes with real fences, and servers whose messages come when the schedule
 * says: late, twice, or never.
 */
export class RemainderWorld {
  readonly agents: readonly WorldAgent[]
  readonly pool: Message[] = []
  /** What each server knows of the partition's number. */
  readonly #known = [0, 0]
  readonly #versions: { readonly key: number; readonly version: Version; readonly at: Set<number> }[] = []
  readonly #purges: { readonly key: number; readonly context: CausalContext; readonly at: Set<number> }[] = []
  collected = 0
  #rounds = 0

  constructor(isFenced: boolean) {
    this.agents = [...owners, fallback].map(number => new WorldAgent(number, isFenced))
  }

  agent(number: number): WorldAgent {
    const agent = this.agents[number]
    if (agent === undefined) throw new RangeError(`agent ${number}`)
    return agent
  }

  close(): void {
    for (const { index } of this.agents) index.close()
  }

  /** Messages that have come, one after the other; each is taken from those on their way unless it comes again. */
  deliver(which: number, again: boolean): void {
    const message = this.pool[which % Math.max(1, this.pool.length)]
    if (message === undefined) return
    if (!again || message.once === true) this.pool.splice(this.pool.indexOf(message), 1)
    message.come()
  }

  lose(which: number): void {
    const message = this.pool[which % Math.max(1, this.pool.length)]
    if (message === undefined) return
    this.pool.splice(this.pool.indexOf(message), 1)
    message.lost?.()
  }

  /** A server reads a clock, and later has a version minted, whose delta goes to the others, or to the fallback for one. */
  write(server: number, key: number, minter: number, other: number, viaFallback: boolean): void {
    const readUnder = this.known(server)
    const cover = this.#read(server, other, key)?.closed
    const at = viaFallback ? fallback : minter
    this.#step(`mint ${key} at ${at}`, () => {
      const { version, delta: context, record } = this.#mint(at, key, cover, readUnder, server)
      if (version === undefined || context === undefined || record === undefined) return
      const held = { key, version, at: new Set([at === fallback ? minter : at]) }
      this.#versions.push(held)
      if (at === fallback) this.agent(fallback).hints.set(key, minter)
      const delta = { context, version, record, body: new Uint8Array(0), attributes: new Map() }
      for (const owner of owners)
        if (owner !== minter) this.#send(server, owner, key, delta, readUnder, held.at)
    })
  }

  /** A server reads two clocks, and later purges what they cover. */
  purge(server: number, key: number, owner: number): void {
    const readUnder = this.known(server)
    const next = (owner + 1) % owners.length
    const read = [owner, next].map(at => this.#read(server, at, key)?.closed ?? emptyContext)
    const context = read.reduce(joinContexts)
    const purge = { key, context, at: new Set<number>() }
    this.#purges.push(purge)
    const delta = { context, version: undefined, record: undefined, body: undefined, attributes: new Map() }
    for (const at of owners) this.#send(server, at, key, delta, readUnder, purge.at)
  }

  /** A server reads an agent's whole state and writes it back to an owner. */
  writeBack(server: number, key: number, from: number, to: number): void {
    const readUnder = this.known(server)
    this.#read(server, from, key)
    for (const delta of this.agent(from).deltas(key)?.deltas ?? [])
      this.#send(server, to, key, delta, readUnder, new Set())
  }

  /** An owner takes over what another one lists of a key. */
  pull(key: number, from: number, to: number): void {
    if (this.agent(from).index.remainders.isHidden(nameOf(key))) return
    const readUnder = this.agent(to).numbers.of(partition)
    const deltas = this.agent(from).deltas(key)?.deltas ?? []
    this.#step(`pull ${key} from ${from} to ${to}`, () => {
      for (const delta of deltas) attempt(() => this.agent(to).merge(key, delta, readUnder))
    })
  }

  /** The fallback delivers the state of a key for which it has a hint. */
  handOver(key: number): void {
    const holder = this.agent(fallback)
    const target = holder.hints.get(key)
    const state = holder.deltas(key)
    if (target === undefined || state === undefined) return
    let left = state.deltas.length
    for (const delta of state.deltas) {
      const come = (readUnder: number): void => {
        const error = attempt(() => this.agent(target).merge(key, delta, readUnder))
        const newer = newerCollection(error)
        if (newer !== undefined && holder.hints.has(key)) come(newer)
        if (error !== undefined || --left > 0) return
        const digest = holder.find(key)?.summary.digest
        if (digest !== undefined && digestsEqual(digest, state.digest)) holder.hints.delete(key)
      }
      const readUnder = holder.numbers.of(partition)
      this.pool.push({ what: `hint ${key} to ${target}`, come: () => come(readUnder) })
    }
  }

  /** What was delivered is forgotten. */
  forget(key: number): void {
    const { index, hints } = this.agent(fallback)
    const known = this.agent(fallback).find(key)
    if (known !== undefined && !hints.has(key)) index.transaction(() => index.index.drop(nameOf(key), known))
  }

  /** An owner collects both keys; its messages come when the schedule says, or at once. */
  collect(by: number, slowly: boolean): Promise<void> {
    const { keeper, numbers } = this.agent(by)
    const ids = [...owners, fallback].map(String)
    const task: CollectionTask = {
      ...{ partition, keys: keys.map(nameOf), owners: ids.slice(0, owners.length), agents: ids },
    }
    const parts = { nodeId: String(by), numbers, keeper, others: this.#others(slowly) }
    return collect(parts, task, new AbortController().signal).then(
      gone => {
        this.collected += gone.size
      },
      () => undefined,
    )
  }

  /** Everything comes to rest: what is on its way comes, hints are handed over, owners become level. */
  settle(): void {
    for (let left = 1_000; this.pool.length > 0 && left > 0; left--) this.deliver(0, false)
    for (let round = 0; round < 6; round++) {
      for (const key of keys) {
        this.handOver(key)
        for (const from of owners) for (const to of owners) if (from !== to) this.pull(key, from, to)
      }
      while (this.pool.length > 0) this.deliver(0, false)
    }
  }

  /** What was purged at a quorum is gone, and what was acknowledged and never purged is there. */
  problems(): string[] {
    const problems: string[] = []
    for (const { key, version, at } of this.#versions) {
      const isHeld = owners.some(owner => {
        const known = this.agent(owner).find(key)
        return (
          known !== undefined && this.agent(owner).index.index.versionAt(known, version.dot) !== undefined
        )
      })
      const purges = this.#purges.filter(purge => purge.key === key && covers(purge.context, version.dot))
      if (isHeld && purges.some(purge => purge.at.size >= quorum))
        problems.push(`${dotText(version.dot)} of key ${key} was purged and is there again`)
      if (!isHeld && purges.length === 0 && at.size >= quorum)
        problems.push(`${dotText(version.dot)} of key ${key} was acknowledged and is lost`)
    }
    for (const { index } of this.agents) {
      index.checkCountsAnew()
      const hidden = index.database.prepare('SELECT count(*) FROM remainders WHERE hidden = 1').pluck().get()
      if (hidden === 0) index.checkTrees()
    }
    return problems
  }

  /** Longer than anything must be left alone. */
  passTime(): void {
    for (const { index } of this.agents) index.clock.advance(2 * remainderMs)
  }

  nextRound(): number {
    return ++this.#rounds
  }

  /** A version that may be acknowledged: the owners that have it are added to what is returned. */
  noteVersion(key: number, version: Version): Set<number> {
    const known = this.#versions.find(one => dotsEqual(one.version.dot, version.dot))
    const at = known?.at ?? new Set<number>()
    if (known === undefined) this.#versions.push({ key, version, at })
    return at
  }

  /** The collection number that a server knows. */
  known(server: number): number {
    return this.#known[server] ?? 0
  }

  #step(what: string, come: () => void): void {
    this.pool.push({ what, once: true, come })
  }

  #read(server: number, at: number, key: number) {
    this.hear(server, this.agent(at).numbers.of(partition))
    return this.agent(at).find(key)?.summary
  }

  /** A server hears of a number. */
  hear(server: number, number: number): void {
    this.#known[server] = Math.max(this.#known[server] ?? 0, number)
  }

  #mint(at: number, key: number, cover: CausalContext | undefined, readUnder: number, server: number) {
    const { index, numbers } = this.agent(at)
    let minted: Partial<ReturnType<IndexFixture['mint']>> = {}
    const error = attempt(() => {
      minted = index.transaction(() => {
        numbers.check(partition, readUnder)
        return index.index.mint(nameOf(key), {
          ...{
            opId: index.opId(),
            kind: 'object',
            seenTime: 0,
            seenSeq: 0,
            size: 0,
            etag: 'e',
            contentType: '',
          },
          ...{ sha256: systemHasher.sha256(new Uint8Array(0)), metadata: [], blocks: undefined },
          ...{ retention: undefined, setPolicy: undefined, attempt: undefined, body: new Uint8Array(0) },
          ...{ cover, exact: false },
        })
      })
    })
    this.hear(server, newerCollection(error) ?? 0)
    return minted
  }

  #send(
    server: number,
    to: number,
    key: number,
    delta: DeliveredDelta,
    readUnder: number,
    at: Set<number>,
  ): void {
    const come = (): void => {
      const error = attempt(() => {
        if (this.agent(to).merge(key, delta, readUnder).outcome !== 'seen') at.add(to)
      })
      this.hear(server, newerCollection(error) ?? 0)
    }
    this.pool.push({ what: `delta ${key} to ${to}`, come })
  }

  /** A question and its answer, which come when the schedule says, or at once. */
  ask<T>(what: string, slowly: boolean, run: () => T | Promise<T>): Promise<T> {
    if (!slowly) return Promise.resolve(run())
    return new Promise((resolve, reject) => {
      const lost = (): void => reject(new TorcError('TIMEOUT', 'no answer'))
      const come = (): void => {
        Promise.resolve(run()).then(resolve, reject)
      }
      this.pool.push({ what, come, lost })
    })
  }

  #others(slowly: boolean): OtherRemainders {
    const ask = <T>(what: string, run: () => T | Promise<T>): Promise<T> => this.ask(what, slowly, run)
    return {
      survey: (agent, _partition, names) =>
        ask(`survey ${agent}`, () => {
          const { keeper, numbers } = this.agent(Number(agent))
          return { collection: numbers.of(partition), keys: names.map(name => keeper.examine(name)) }
        }),
      raise: (agent, _partition, number, names) =>
        ask(`raise ${agent}`, () => this.agent(Number(agent)).keeper.raise(partition, number, names)),
      drop: (agent, _partition, number, names) =>
        ask(`drop ${agent}`, async () => {
          await this.agent(Number(agent)).keeper.drop(partition, number, names)
        }),
    }
  }
}

/** The error of what is refused. Anything else is a defect of the test. */
function attempt(run: () => void): unknown {
  try {
    run()
    return undefined
  } catch (thrown) {
    if (thrown instanceof TorcError) return thrown
    throw thrown
  }
}
