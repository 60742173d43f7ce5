import { timingSafeEqual } from 'node:crypto'
import type { BlockReference } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import { type BlockUse, planBlock, throwIfFutile } from '../bodies/block-owners.js'
import { addressFields, type Coordination } from '../core/coordination.js'
import { blockAttemptMs, Deadline } from '../core/deadline.js'

/** A block and what a client says to have computed of it. */
export interface ProvedBlock extends BlockReference {
  readonly challenge: Uint8Array
  readonly proof: Uint8Array
}

/** Blocks in one request to an agent, which reads them all before it answers. */
const blocksPerRequest = 32

/**
 * Whether each proof is right: the same that an owner computes of its copy. Where the two differ the owner is asked
 * again and compares its copy with the hash: only a sound one tells that the client is wrong. An owner that does not
 * have the block whole says so, and the next one is asked; where none has it, no proof is right.
 */
export async function proveBlocks(
  c: Coordination,
  use: BlockUse,
  blocks: readonly ProvedBlock[],
): Promise<boolean[]> {
  const right = blocks.map(() => false)
  let open = blocks.map((block, i) => ({ block, i, owners: [...planBlock(c, use, block.hash).plan.live] }))
  while (open.length > 0) {
    const byAgent = new Map<string, Question[]>()
    for (const question of open) {
      const agent = question.owners.shift()
      if (agent === undefined) continue
      const asked = byAgent.get(agent)
      if (asked === undefined) byAgent.set(agent, [question])
      else asked.push(question)
    }
    const unanswered = await Promise.all(
      Array.from(byAgent, async ([agent, questions]) => {
        const first = await judge(c, use, agent, questions, false, right)
        const second = await judge(c, use, agent, first.differing, true, right)
        return [...first.missing, ...second.missing]
      }),
    )
    open = unanswered.flat()
  }
  return right
}

/** A block that is to be judged, and the owners that have not been asked. */
interface Question {
  readonly block: ProvedBlock
  readonly i: number
  readonly owners: string[]
}

/** Notes which proofs the agent says to be right; the others differ, or the agent does not have the block. */
async function judge(
  c: Coordination,
  use: BlockUse,
  agent: string,
  questions: readonly Question[],
  check: boolean,
  right: boolean[],
): Promise<{ readonly differing: Question[]; readonly missing: Question[] }> {
  const blocks = questions.map(({ block }) => block)
  const proofs = await proofsOf(c, use, agent, blocks, check)
  const differing: Question[] = []
  const missing: Question[] = []
  for (const [at, question] of questions.entries()) {
    const proof = proofs[at]
    if (proof === undefined) missing.push(question)
    else if (timingSafeEqual(proof, question.block.proof)) right[question.i] = true
    else differing.push(question)
  }
  return { differing, missing }
}

/** Of each block what the agent computes; undefined where it does not have the block, or could not be asked. */
async function proofsOf(
  c: Coordination,
  use: BlockUse,
  agent: string,
  blocks: readonly ProvedBlock[],
  check: boolean,
): Promise<(Uint8Array | undefined)[]> {
  const proofs: (Uint8Array | undefined)[] = []
  try {
    for (let from = 0; from < blocks.length; from += blocksPerRequest)
      proofs.push(...(await askAgent(c, use, agent, blocks.slice(from, from + blocksPerRequest), check)))
  } catch (thrown) {
    const error = TorcError.from(thrown)
    throwIfFutile(new Map([[agent, error]]))
    c.log.warn({ agent, code: error.code }, 'an agent gave no proof of blocks')
  }
  return proofs
}

async function askAgent(
  c: Coordination,
  { timeoutMs, signal }: BlockUse,
  agent: string,
  blocks: readonly ProvedBlock[],
  check: boolean,
): Promise<(Uint8Array | undefined)[]> {
  const deadline = new Deadline(c.environment.clock, timeoutMs, signal)
  const { head } = await c.agents.request(
    agent,
    'fetchBlockProof',
    {
      ...addressFields(c, c.layouts.require()),
      hashes: Buffer.concat(blocks.map(({ hash }) => hash)),
      sizes: blocks.map(({ size }) => size),
      challenges: Buffer.concat(blocks.map(({ challenge }) => challenge)),
      ...(check ? { check } : undefined),
    },
    { timeoutMs: deadline.attempt(blockAttemptMs) },
  )
  c.hybridClock.observe(head.time)
  const missing = new Set(head.missing)
  if (head.proofs.length !== 32 * (blocks.length - missing.size))
    throw new TorcError('PROTOCOL', `agent ${agent} gave ${head.proofs.length} bytes of proofs`)
  let at = 0
  return blocks.map((_, i) => {
    if (missing.has(i)) return undefined
    at += 32
    return head.proofs.subarray(at - 32, at)
  })
}
