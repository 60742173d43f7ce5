import { mayCollect } from '@torc/cluster/collection/agreement'
import { nextCollectionNumber } from '@torc/cluster/collection/collection-number'
import type { KeyName } from '../index/key-writer.js'
import type { CollectionNumbers } from './collection-numbers.js'
import type { OtherRemainders, Raised, Survey } from './other-agents-remainders.js'
import type { ExaminedName, RemainderKeeper } from './remainder-keeper.js'

export interface CollectorParts {
  readonly nodeId: string
  readonly numbers: CollectionNumbers
  readonly keeper: RemainderKeeper
  readonly others: OtherRemainders
}

/** One partition, whom to ask, and which keys may be without any version. */
export interface CollectionTask {
  readonly partition: number
  readonly keys: readonly KeyName[]
  /** In ring order, this agent among them. */
  readonly owners: readonly string[]
  /** Every agent of all live epochs, and whoever else may hold hints of the partition. */
  readonly agents: readonly string[]
}

/** Positions of the keys that are gone from all owners that could be told so. */
export type Collected = ReadonlySet<number>

const none: Collected = new Set()

/**
 * Collects what is left of some removed keys of one partition (DESIGN §10):
 *
 * 1. Every agent says what it has of them. Nothing has changed anywhere yet; most often nobody has a version.
 * 2. Every agent raises the partition to a number of this collector's own, which nobody knew before, and says whether
 *    anything has changed since its first answer.
 * 3. Where nothing has, anywhere, each owner drops what it has, unless that has changed by then.
 *
 * Whatever is sent under the new number was read after every first answer, so that no version was there to read; what was
 * read before is refused. Rejects where an agent does not answer: no time that passes stands for its answer.
 */
export async function collect(
  { nodeId, numbers, keeper, others }: CollectorParts,
  { partition, keys, owners, agents }: CollectionTask,
  signal: AbortSignal,
): Promise<Collected> {
  const asked = [...new Set([nodeId, ...agents])]
  const surveys = await fromAll(asked, agent =>
    agent === nodeId
      ? { collection: numbers.of(partition), keys: keys.map(name => keeper.examine(name)) }
      : others.survey(agent, partition, keys, signal),
  )
  const agreed = [...keys.keys()].filter(position =>
    mayCollect([...surveys.values()].flatMap(({ keys: answers }) => answers[position] ?? [])),
  )
  if (agreed.length === 0 || signal.aborted) return none
  const highest = Math.max(...Array.from(surveys.values(), ({ collection }) => collection))
  const number = nextCollectionNumber(highest, owners.indexOf(nodeId))
  const raised = await fromAll(asked, agent => {
    const examined = examinedOf(agreed, keys, surveys.get(agent))
    return agent === nodeId
      ? keeper.raise(partition, number, examined)
      : others.raise(agent, partition, number, examined, signal)
  })
  const going = unchangedIn(agreed, number, [...raised.values()])
  if (going.length === 0 || signal.aborted) return none
  // One that does not hear of it still has its remainder, and collects it itself.
  await Promise.allSettled(
    owners.map(agent => {
      const examined = examinedOf(going, keys, surveys.get(agent))
      return agent === nodeId
        ? keeper.drop(partition, number, examined)
        : others.drop(agent, partition, number, examined, signal)
    }),
  )
  return new Set(going)
}

/** The answers of all; rejects where one is missing, once no question is open any more. */
async function fromAll<T>(
  agents: readonly string[],
  ask: (agent: string) => T | Promise<T>,
): Promise<Map<string, T>> {
  const outcomes = await Promise.allSettled(agents.map(async agent => [agent, await ask(agent)] as const))
  return new Map(
    outcomes.map(outcome => {
      if (outcome.status === 'rejected') throw outcome.reason
      return outcome.value
    }),
  )
}

function examinedOf(
  positions: readonly number[],
  keys: readonly KeyName[],
  survey: Survey | undefined,
): ExaminedName[] {
  return positions.flatMap(position => {
    const [name, examined] = [keys[position], survey?.keys[position]]
    return name === undefined || examined === undefined ? [] : [{ name, evidence: examined.evidence }]
  })
}

/** Those that are as they were on every agent; none where the partition has another number by now. */
function unchangedIn(agreed: readonly number[], number: number, answers: readonly Raised[]): number[] {
  if (answers.some(({ collection }) => collection !== number)) return []
  return agreed.filter((_, i) => answers.every(({ unchanged }) => unchanged[i] === true))
}
