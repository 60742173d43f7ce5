import { blockPartition, keyPartition } from '@torc/cluster/ring/partition'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { Log } from '@torc/protocol/environment/log'
import { TorcError } from '@torc/protocol/errors'
import { InlineBody } from '@torc/protocol/exchange/incoming-body'
import { limits } from '@torc/protocol/limits'
import type { BlockIndex } from '../blocks/block-index.js'
import type { BlockStore } from '../blocks/block-store.js'
import type { OtherAgents } from '../collection/other-agents.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { LeaseIndex } from '../leases/lease-index.js'
import type { Operation, OperationState } from '../leases/operation.js'
import type { BlockSource } from '../scrub/owner-blocks.js'
import { inParallel } from './in-parallel.js'
import { ownWrite } from './own-failure.js'
import type { LeafReference } from './peer-replicas.js'

export interface ReferenceRepairParts {
  readonly nodeId: string
  readonly layout: AgentLayout
  readonly hasher: Hasher
  readonly blocks: BlockStore
  readonly blockIndex: BlockIndex
  readonly leases: LeaseIndex
  /** What this agent itself knows of an operation. */
  readonly stateOf: (operation: Operation) => OperationState
  readonly others: OtherAgents
  readonly source: BlockSource
  readonly log: Log
}

export interface TakenOver {
  /** References that are needed and were not here, those of them that are now, and bytes that came for them. */
  readonly needed: number
  readonly taken: number
  readonly bytes: number
}

/** Blocks under way at once: bounds memory. */
const blocksAtOnce = 4

/**
 * Takes over references to blocks that another owner of them has, with the blocks where they are not here.
 *
 * Only those whose version exists: an owner of the key must say so, as in an audit (DESIGN §9). A reference of a write
 * that failed, or of a version that is gone, stays with whom it is until its audit ends it. If it were copied, the agent
 * whose audit ended it first would get it back from the other one, and so on in turn: it would never go, nor its block.
 */
export class ReferenceRepair {
  readonly #parts: ReferenceRepairParts

  constructor(parts: ReferenceRepairParts) {
    this.#parts = parts
  }

  isHere(reference: LeafReference): boolean {
    const { blockIndex, leases } = this.#parts
    const row = blockIndex.find(reference.hash)
    return row !== undefined && leases.isReferrer(row.id, operationOf(reference))
  }

  /** `unseen`: whether the version exists is not asked, and all are taken: as a new owner of the blocks does. */
  async takeOver(
    references: readonly LeafReference[],
    signal: AbortSignal,
    unseen = false,
  ): Promise<TakenOver> {
    const byOperation = new Map<string, LeafReference[]>()
    for (const reference of references) {
      const group = byOperation.get(nameOf(reference))
      if (group === undefined) byOperation.set(nameOf(reference), [reference])
      else group.push(reference)
    }
    const groups = [...byOperation.values()]
    let [needed, taken, bytes] = [0, 0, 0]
    for (let from = 0; from < groups.length; from += limits.operationsMax) {
      const part = groups.slice(from, from + limits.operationsMax)
      const operations = part.flatMap(([first]) => (first === undefined ? [] : [operationOf(first)]))
      const exists = unseen ? undefined : await this.#exist(operations, signal)
      const wanted = part.filter((_, i) => exists === undefined || exists[i] === true).flat()
      needed += wanted.length
      await inParallel(wanted, blocksAtOnce, async reference => {
        const came = await this.#take(reference, signal)
        if (came === undefined) return
        taken++
        bytes += came
      })
    }
    return { needed, taken, bytes }
  }

  /** Bytes that came for it; undefined where nobody has the block to give. */
  async #take(reference: LeafReference, signal: AbortSignal): Promise<number | undefined> {
    const { blocks, source, layout } = this.#parts
    const { hash, compressed, replicas } = reference
    // Relieved of the partition meanwhile: the others need not get it here.
    if (!layout.owns(blockPartition(hash, layout.partitions), replicas)) return 0
    const operation = operationOf(reference)
    if ((await ownWrite(() => blocks.refer([hash], operation))).length === 0) return 0
    const bytes = await source.fetch(hash, signal)
    if (bytes === undefined) return undefined
    const body = new InlineBody([bytes])
    await ownWrite(() => blocks.put(hash, bytes.length, operation, body, { compress: compressed === true }))
    return bytes.length
  }

  /** Whether the version of each of the operations exists: one owner that has it is enough. */
  async #exist(operations: readonly Operation[], signal: AbortSignal): Promise<boolean[]> {
    const { nodeId, others, stateOf, log } = this.#parts
    const exists = operations.map(() => false)
    const questions = this.#questions(operations)
    await Promise.all(
      Array.from(questions, async ([agent, positions]) => {
        const asked = positions.flatMap(position => operations[position] ?? [])
        try {
          const states =
            agent === nodeId ? asked.map(stateOf) : await others.ask(agent, asked, 'owner', signal)
          for (const [i, position] of positions.entries())
            if (states[i] === 'version') exists[position] = true
        } catch (thrown) {
          const { code, message } = TorcError.from(thrown)
          log.debug({ agent, code, operations: asked.length }, `an owner does not tell: ${message}`)
        }
      }),
    )
    return exists
  }

  /** Positions of the operations that each owner of a key is asked about. */
  #questions(operations: readonly Operation[]): Map<string, number[]> {
    const { layout, hasher } = this.#parts
    const questions = new Map<string, number[]>()
    for (const [position, { bucketId, key }] of operations.entries()) {
      const name = Buffer.from(key).toString()
      for (const agent of layout.ownersOf(keyPartition(hasher, bucketId, name, layout.partitions)))
        questions.set(agent, [...(questions.get(agent) ?? []), position])
    }
    return questions
  }
}

function operationOf({ bucketId, key, opId, replicas }: LeafReference): Operation {
  return { bucketId, key: Buffer.from(key), opId, replicas }
}

function nameOf({ bucketId, key, opId }: LeafReference): string {
  return `${Buffer.from(bucketId).toString('hex')}/${Buffer.from(opId).toString('hex')}/${key}`
}
