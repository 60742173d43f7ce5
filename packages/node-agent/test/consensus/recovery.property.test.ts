import { emptyContext } from '@torc/cluster/clocks/causal-context'
import { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import { makeBallot, roundOf, sameBallot } from '@torc/cluster/consensus/ballot'
import { proposedVersion } from '@torc/cluster/consensus/condition'
import { highestAccepted } from '@torc/cluster/consensus/highest'
import { decide, emptyProposal } from '@torc/cluster/consensus/proposal'
import { versionIdOf } from '@torc/cluster/state/version'
import { silentLog } from '@torc/protocol/environment/log'
import { systemHasher } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import fc from 'fast-check'
import t from 'tap'
import type { OtherOwners } from '../../src/consensus/other-owners.js'
import { RecoveryWorker, unlearnedMs } from '../../src/consensus/recovery-worker.js'
import { Register } from '../../src/consensus/register.js'
import type { GroupCommit } from '../../src/index/group-commit.js'
import type { AgentLayout } from '../../src/layout/agent-layout.js'
import type { CollectionNumbers } from '../../src/remainders/collection-numbers.js'
import type { RemainderRows } from '../../src/remainders/remainder-rows.js'
import { IndexFixture, keyName } from '../index/index-fixture.js'
import { seededRandom } from '../support/seeded-random.js'

const name = { ...keyName(0), replicas: 3 }
const signal = new AbortController().signal
const body = Buffer.from('x')

/** One owner: what it keeps, and its worker. */
interface Owner {
  readonly id: string
  readonly fixture: IndexFixture
  register: Register
  worker: RecoveryWorker
}

/** Three owners of one key, and messages between them and proposers, of which some are lost. */
class Owners {
  readonly owners: Owner[]
  readonly #random
  lossy = true

  constructor(seed: number) {
    this.#random = seededRandom(seed)
    this.owners = ['a', 'b', 'c'].map((id, i) => {
      const fixture = new IndexFixture(seed * 3 + i)
      return { id, fixture, ...this.#serve(id, fixture) }
    })
  }

  /** Ends an owner's process at once, and starts it again. */
  crash(i: number): void {
    const owner = this.owners[i]
    if (owner === undefined) return
    owner.fixture.reopen(true)
    Object.assign(owner, this.#serve(owner.id, owner.fixture))
  }

  /** A proposer under "there is none": how it ended for its client. Its steps lose messages, or it dies in between. */
  async create(opId: Uint8Array, steps: number): Promise<'written' | 'refused' | 'unknown'> {
    const round = Math.max(
      ...this.owners.map(({ fixture }) =>
        roundOf(fixture.ballots.find(name)?.promised ?? new Uint8Array(20)),
      ),
    )
    const ballot = makeBallot(this.#random, round + 1)
    const promises = await this.#ask(owner =>
      owner.register.prepare(name, ballot, owner === this.owners[0], known => known?.summary.heads ?? []),
    )
    const held = promises.filter(({ promised }) => sameBallot(promised, ballot))
    if (held.length < 2 || steps < 2) return 'unknown'
    const accepted = held.flatMap(promise => (promise.accepted === undefined ? [] : [promise.accepted]))
    const highest = highestAccepted(accepted)
    if (highest?.learned === false) return 'unknown'
    if (held.some(({ view }) => view.length > 0)) return 'refused'
    const dot = held.find(({ handedOut }) => handedOut !== undefined)?.handedOut?.dot
    if (dot === undefined) return 'unknown'
    const version = {
      ...{
        dot,
        after: 0,
        id: versionIdOf(opId),
        context: emptyContext,
        kind: 'object' as const,
        size: body.length,
      },
      ...{
        etag: 'e-t',
        sha256: systemHasher.sha256(body),
        contentType: '',
        metadata: [],
        createdAt: 1000 + round,
        seq: 1,
      },
      ...{ opId, blocks: undefined },
    }
    const proposal = decide(
      highest?.proposal ?? emptyProposal,
      { opId, written: true },
      proposedVersion(version, undefined, undefined),
    )
    const agreed = await this.#ask(owner => owner.register.accept(name, ballot, proposal, body, false))
    if (agreed.filter(one => sameBallot(one, ballot)).length < 2 || steps < 3) return 'unknown'
    const learned = await this.#ask(owner => owner.register.learn(name, ballot))
    return learned.filter(({ outcome }) => outcome !== 'unknown').length >= 2 ? 'written' : 'unknown'
  }

  /** Time for an owner to end what nobody ended. */
  async recover(i: number): Promise<void> {
    const owner = this.owners[i]
    owner?.fixture.clock.advance(unlearnedMs + 1)
    await owner?.worker.step(signal)
  }

  /** Versions that are in any owner's state. */
  created(): Set<string> {
    const { bucketId, key } = name
    return new Set(
      this.owners.flatMap(({ fixture }) =>
        (fixture.index.find(bucketId, key)?.summary.heads ?? []).map(({ id }) => id),
      ),
    )
  }

  close(): void {
    for (const { fixture } of this.owners) fixture.close()
  }

  /** Answers of the owners that the message reached, and whose answer came back. */
  async #ask<T>(send: (owner: Owner) => Promise<T>): Promise<T[]> {
    const answers: T[] = []
    for (const owner of this.owners) {
      if (this.#lost()) continue
      const answer = await send(owner)
      if (!this.#lost()) answers.push(answer)
    }
    return answers
  }

  #lost(): boolean {
    return this.lossy && this.#random.fraction() < 0.25
  }

  #serve(id: string, fixture: IndexFixture): { register: Register; worker: RecoveryWorker } {
    const commit = {
      submit: async <T>(run: () => T): Promise<T> => fixture.transaction(run),
    } as unknown as GroupCommit
    const { ballots: rows, index, intents, clock } = fixture
    // Nothing is ever collected here.
    const collections = { of: () => 0, check: () => undefined } as unknown as CollectionNumbers
    const remainders = { note: () => undefined } as unknown as RemainderRows
    const register = new Register({ rows, index, intents, collections, remainders, commit, clock })
    const of = (owner: string): Register => {
      if (this.#lost()) throw new TorcError('UNREACHABLE', 'lost')
      return (this.owners.find(one => one.id === owner) as Owner).register
    }
    const others: OtherOwners = {
      prepare: async (owner, key, ballot) => of(owner).prepare(key, ballot, false, () => undefined),
      accept: async (owner, key, ballot, proposal, inline) =>
        of(owner).accept(key, ballot, proposal, inline, false),
      learn: async (owner, key, ballot) => void (await of(owner).learn(key, ballot)),
    }
    const layout = { owns: () => true, writeGroups: () => [['a', 'b', 'c']] } as unknown as AgentLayout
    const hybridClock = new HybridClock(clock)
    const worker = new RecoveryWorker({
      ...{ nodeId: id, rows, register, others, layout, collections, commit, clock, hybridClock },
      ...{ random: this.#random, log: silentLog },
    })
    return { register, worker }
  }
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('create' as const), steps: fc.integer({ min: 1, max: 3 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('recover' as const), at: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), at: fc.nat(2) }) },
  ),
  { minLength: 3, maxLength: 14 },
)

type Step = typeof steps extends fc.Arbitrary<(infer S)[]> ? S : never
const create = (count: number): Step => ({ kind: 'create', steps: count })
const recover = (at: number): Step => ({ kind: 'recover', at })
const hearsay: Step[] = [
  ...[create(2), create(1), create(1), create(1), create(1)],
  ...[recover(2), recover(1), create(2), recover(0)],
]

t.test(
  'creators, owners that end rounds, lost messages and crashes: one version at most, and none left in doubt',
  async t => {
    let created = 0
    await fc.assert(
      fc.asyncProperty(fc.nat(1_000_000), steps, async (seed, list) => {
        const owners = new Owners(seed)
        try {
          const written = new Set<string>()
          for (const [n, step] of list.entries()) {
            if (step.kind === 'crash') owners.crash(step.at)
            else if (step.kind === 'recover') await owners.recover(step.at)
            else {
              const opId = new Uint8Array(16).fill(n + 1)
              const outcome = await owners.create(opId, step.steps)
              if (outcome === 'written') written.add(versionIdOf(opId))
              if (outcome === 'refused' && owners.created().size === 0) return false
            }
            if (owners.created().size > 1) return false
          }
          owners.lossy = false
          for (let round = 0; round < 3; round++) for (const i of [0, 1, 2]) await owners.recover(i)
          const left = owners.owners.filter(({ fixture }) =>
            fixture.ballots.anyUnlearned(Number.MAX_SAFE_INTEGER),
          )
          const all = owners.created()
          created += all.size
          return left.length === 0 && all.size <= 1 && [...written].every(id => all.has(id))
        } finally {
          owners.close()
        }
      }),
      {
        numRuns: 150,
        // One of two owners that knew of the same choice had it from hearsay, and was believed to have the version.
        examples: [[999_996, hearsay]],
      },
    )
    t.ok(created > 50, `${created} of 150 runs created something`)
  },
)
