import type { BlockReference } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type { BlockState } from '@torc/protocol/store/blocks'
import { isStaleLayout } from '../agents/agents.js'
import { addressFields, type Coordination } from '../core/coordination.js'
import { Deadline, readAttemptMs } from '../core/deadline.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { type ReadRequest, read } from './get-flow.js'

/** A block of a version, and what its owners say of it. */
export interface ShownBlock extends BlockReference {
  readonly position: number
  readonly owners: readonly (readonly [agent: string, state: BlockState])[]
}

export interface BlockPage {
  readonly versionId: string
  readonly blocks: readonly ShownBlock[]
}

/** A page must fit the head of a frame. */
const pageBytesMax = limits.headBytesMax / 2
const blockBytes = 64
const ownerBytes = limits.nodeIdBytesMax + 16
/** Blocks whose owners are asked in one go. */
const pageBlocksMax = 1024

/**
 * The blocks of one version in their order, with what each of their owners knows of them; owners that cannot be asked
 * are `unknown`. One page without blocks where the body is inline. Fails as a read does.
 */
export async function* blockStates(c: Coordination, request: ReadRequest): AsyncGenerator<BlockPage> {
  const { version } = await read(c, request)
  const { id: versionId, blocks = [] } = version
  const pageBlocks = Math.min(
    pageBlocksMax,
    Math.floor(pageBytesMax / (blockBytes + request.bucket.replicas * ownerBytes)),
  )
  for (let start = 0; start === 0 || start < blocks.length; start += pageBlocks) {
    const part = blocks.slice(start, start + pageBlocks)
    const owners = await withFreshLayout(c, () => askOwners(c, request, part))
    const shown = part.map((block, i) => ({ ...block, position: start + i, owners: owners[i] ?? [] }))
    yield { versionId, blocks: shown }
  }
}

/** Of each block its owners, in the order of the ring, with their answers. */
async function askOwners(
  c: Coordination,
  request: ReadRequest,
  blocks: readonly BlockReference[],
): Promise<ShownBlock['owners'][]> {
  const layout = c.layouts.require()
  const { bucket, timeoutMs, signal } = request
  const ownersOf = blocks.map(({ hash }) => layout.owners(layout.partitionOfBlock(hash), bucket.replicas))
  const deadline = new Deadline(c.environment.clock, timeoutMs, signal)
  const states = new Map<string, ReadonlyMap<number, BlockState>>()
  await Promise.all(
    Array.from(new Set(ownersOf.flat()), async agent => {
      const positions = Array.from(blocks.keys()).filter(i => ownersOf[i]?.includes(agent))
      const hashes = positions.map(i => blocks[i]?.hash ?? new Uint8Array())
      const answers = await askOwner(c, agent, hashes, deadline)
      states.set(agent, new Map(positions.map((i, at) => [i, answers[at] ?? 'unknown'])))
    }),
  )
  return ownersOf.map((owners, i) => owners.map(agent => [agent, states.get(agent)?.get(i) ?? 'unknown']))
}

async function askOwner(
  c: Coordination,
  agent: string,
  hashes: readonly Uint8Array[],
  deadline: Deadline,
): Promise<readonly BlockState[]> {
  if (!c.agents.isAlive(agent)) return []
  try {
    const { head } = await c.agents.request(
      agent,
      'fetchBlockStates',
      { ...addressFields(c, c.layouts.require()), hashes: Buffer.concat(hashes) },
      { timeoutMs: deadline.attempt(readAttemptMs) },
    )
    c.hybridClock.observe(head.time)
    return head.states
  } catch (thrown) {
    const error = TorcError.from(thrown)
    if (isStaleLayout(error) || error.code === 'CANCELLED') throw error
    // The others' answers are worth showing: this one's are shown as unknown.
    c.log.debug({ agent, code: error.code }, 'an agent did not tell the states of its blocks')
    return []
  }
}
