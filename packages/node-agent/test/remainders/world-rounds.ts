import { joinContexts } from '@torc/cluster/clocks/causal-context'
import { compareBallots, makeBallot, sameBallot } from '@torc/cluster/consensus/ballot'
import { afterOf, proposedVersion } from '@torc/cluster/consensus/condition'
import { decide, emptyProposal, type Proposal } from '@torc/cluster/consensus/proposal'
import { digestsEqual } from '@torc/cluster/state/digest'
import { emptySummary, type KeySummary } from '@torc/cluster/state/key-summary'
import { type Version, versionIdOf } from '@torc/cluster/state/version'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { systemHasher } from '@torc/protocol/environment/system'
import type { Promised } from '../../src/consensus/register.js'
import { newerCollection } from '../../src/remainders/collection-numbers.js'
import { seededRandom } from '../support/seeded-random.js'
import type { RemainderWorld } from './remainder-world.js'
import { nameOf, owners, quorum } from './world-agent.js'

/**
 * A round of consensus about a key, by a server, message by message as the schedule says: brings to its end what was
 * accepted and is not learned, or adds a delete marker. Whoever does not answer, or is ahead, ends it where it is.
 */
export async function propose(world: RemainderWorld, server: number, key: number): Promise<void> {
  const readUnder = world.known(server)
  const number = world.nextRound()
  const ballot = makeBallot(seededRandom(number), number, readUnder)
  const name = nameOf(key)
  const of = async <T>(what: string, ask: (owner: number) => Promise<T>): Promise<[number, T][]> => {
    const answers: [number, T][] = []
    await Promise.all(
      owners.map(async owner => {
        try {
          answers.push([owner, await world.ask(`${what} ${key} at ${owner}`, true, () => ask(owner))])
        } catch (thrown) {
          world.hear(server, newerCollection(thrown) ?? 0)
        }
      }),
    )
    return answers
  }
  const promises = await of('prepare', owner =>
    world.agent(owner).register.prepare(name, ballot, owner === 0, known => known?.summary ?? emptySummary),
  )
  const kept = promises.filter(([, { promised }]) => sameBallot(promised, ballot))
  const proposal = kept.length < quorum ? undefined : proposalOn(kept, number)
  if (proposal === undefined) return
  const accepted = await of('accept', owner =>
    world.agent(owner).register.accept(name, ballot, proposal, null, false),
  )
  if (accepted.filter(([, promised]) => sameBallot(promised, ballot)).length < quorum) return
  if (proposal.version === undefined) return
  const version = decodeVersion(proposal.version.record)
  const held = world.noteVersion(key, version)
  await of('learn', async owner => {
    const { outcome } = await world.agent(owner).register.learn(name, ballot)
    if (outcome === 'stored' || outcome === 'had') held.add(owner)
  })
}

type Promises = readonly (readonly [owner: number, promise: Promised<KeySummary>])[]

/** Undefined where owners differ, or none handed out a dot. */
function proposalOn(promises: Promises, number: number): Proposal | undefined {
  const accepted = promises.flatMap(([, promise]) => promise.accepted ?? [])
  const [last] = accepted.sort((a, b) => compareBallots(b.ballot, a.ballot))
  const isLearned = accepted.some(one => sameBallot(one.ballot, last?.ballot) && one.learned)
  if (last !== undefined && !isLearned) return last.proposal
  const views = promises.map(([, { view }]) => view)
  const [first] = views
  const handedOut = promises.flatMap(([, promise]) => promise.handedOut ?? [])[0]
  if (first === undefined || handedOut === undefined) return undefined
  if (!views.every(({ digest }) => digestsEqual(digest, first.digest))) return undefined
  const context = views.map(({ closed }) => closed).reduce(joinContexts)
  const opId = new Uint8Array(16)
  new DataView(opId.buffer).setUint32(0, number)
  const version: Version = {
    ...{ dot: handedOut.dot, after: afterOf(handedOut, context), id: versionIdOf(opId), context },
    ...{ kind: 'marker', size: 0, etag: '', sha256: systemHasher.sha256(new Uint8Array(0)) },
    ...{ contentType: '', metadata: [], opId, blocks: undefined, seq: first.maxSeq + 1 },
    createdAt: Math.max(...views.map(({ newest }) => newest)) + 1,
  }
  const proposed = proposedVersion(version, undefined, undefined)
  return decide(last?.proposal ?? emptyProposal, { opId, written: true }, proposed)
}
