import { decodeContext, encodeContext } from '@torc/cluster/clocks/causal-context'
import { decodeLiveReport } from '@torc/cluster/retention/live-report'
import { parsePolicy } from '@torc/cluster/retention/policy'
import { noAttributes } from '@torc/cluster/state/attributes'
import { decodeAttributes, encodeAttributes } from '@torc/cluster/state/attributes-codec'
import { readNullDots } from '@torc/cluster/state/null-dots'
import type { BlockReference } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import { limits } from '@torc/protocol/limits'
import type { RequestOf } from '@torc/protocol/messages/table'
import type { MintRetention } from '../index/mint-retention.js'
import { hintAnswer, keepHint, replicasOf, writtenKey } from './addressing.js'
import type { AgentContext } from './agent-context.js'
import { checkInlineBody, readInlineBody } from './inline-body.js'
import { bucketPolicy } from './policy-field.js'

const hashBytes = 32

/**
 * Mints a new version of a key, and removes in the same transaction what the retention policy says. Retried by opId:
 * what an earlier attempt made is answered again; SUPERSEDED where a later attempt may follow, or the version was
 * removed since. One that its server gave up before it began does nothing.
 *
 * Durable before sent: the version, what it prunes, the end of the counter lease and the hints for owners that are
 * down are committed before the answer leaves.
 */
export function mintHandler(agent: AgentContext) {
  return async (request: IncomingRequest<'mint'>): Promise<Reply<'mint'>> => {
    const { head } = request
    const { name, targets } = writtenKey(agent, head)
    agent.layout.checkMinter(name.partition, head.stage, replicasOf(agent, head))
    checkHead(head)
    const blocks = blockList(head)
    const retention = retentionFields(head)
    const nulls = readNullDots(head.nulls)
    const setPolicy = head.setPolicy === undefined ? undefined : parsePolicy(head.setPolicy)
    const inline = head.kind === 'object' && blocks === undefined
    const read = inline ? readInlineBody(request.body) : null
    const body = read instanceof Promise ? await read : read
    if (body !== null) checkInlineBody(agent.hasher, body, head.size, head.sha256)
    const cover = head.cover === undefined ? undefined : decodeContext(head.cover)
    const minted = await agent.commit.submit(() => {
      // Whoever gave it up may have had another agent mint: of an agent that was stopped, what waited is read first.
      if (request.cancelled) throw new TorcError('CANCELLED', 'the mint was given up before it began')
      agent.layout.checkStill(head.epoch, head.stage)
      agent.collections.check(name.partition, head.collection)
      agent.hints.counts.checkRoom(targets.length, body?.length ?? 0)
      const result = agent.index.mint(name, {
        opId: head.opId,
        kind: head.kind,
        cover,
        exact: head.exact === true,
        seenTime: head.seenTime ?? 0,
        seenSeq: head.seenSeq ?? 0,
        size: head.size,
        sha256: head.sha256,
        etag: head.etag,
        contentType: head.contentType,
        metadata: head.metadata,
        tags: head.tags,
        isNull: head.isNull === true ? true : undefined,
        nulls,
        blocks,
        partBlocks: head.partBlocks,
        body,
        retention,
        setPolicy,
        attempt: head.attempt,
      })
      keepHint(agent, name, targets, result.repeated ? 0 : (body?.length ?? 0))
      return result
    })
    const { version, summary, attributes } = minted
    agent.log.debug({ key: head.key, versionId: version.id, size: version.size }, 'minted')
    const siblings = summary.heads.length <= 1 ? [] : summary.heads.filter(one => one.id !== version.id)
    return {
      head: {
        time: agent.clock.now(),
        record: minted.record,
        delta: encodeContext(minted.delta),
        context: encodeContext(summary.closed),
        siblings: siblings.map(one => one.id),
        ...(minted.repeated ? { repeated: true } : {}),
        ...hintAnswer(agent, targets),
        ...(attributes.size > 0 ? { attributes: encodeAttributes(attributes) } : {}),
      },
    }
  }
}

/** What the request tells of older versions; undefined, as nearly always, when nothing. */
function retentionFields(head: RequestOf<'mint'>): MintRetention | undefined {
  const { live, attributes } = head
  if (head.policy === undefined && live === undefined && attributes === undefined) return undefined
  return {
    policy: bucketPolicy(head.policy),
    live: live === undefined ? [] : live.map(report => decodeLiveReport(report)),
    attributes: attributes === undefined ? noAttributes : decodeAttributes(attributes),
  }
}

/** The block list of the request, or undefined for a body that comes inline. */
function blockList(head: RequestOf<'mint'>): BlockReference[] | undefined {
  const { blocks, blockSizes } = head
  if (blocks === undefined) return undefined
  if (blockSizes === undefined || blocks.length !== blockSizes.length * hashBytes) {
    throw new TorcError('BAD_REQUEST', `\`blocks\` must have ${hashBytes} bytes for each of \`blockSizes\``)
  }
  if (blockSizes.length > limits.objectBlocksMax) {
    throw new TorcError(
      'TOO_LARGE',
      `an object may have ${limits.objectBlocksMax} blocks, not ${blockSizes.length}`,
    )
  }
  let total = 0
  const list = blockSizes.map((size, i) => {
    if (size === 0) throw new TorcError('BAD_REQUEST', '`blockSizes` has an empty block')
    total += size
    return { hash: blocks.subarray(i * hashBytes, (i + 1) * hashBytes), size }
  })
  if (total !== head.size) throw new TorcError('BAD_REQUEST', '`blockSizes` must add up to `size`')
  return list
}

/** What the fields allow one by one and a record does not: it would be unreadable on the disk. */
function checkHead(head: RequestOf<'mint'>): void {
  if (head.size > limits.objectBytesMax) {
    throw new TorcError('TOO_LARGE', `an object may have ${limits.objectBytesMax} bytes, not ${head.size}`)
  }
  if (head.kind === 'marker' && (head.size !== 0 || head.blocks !== undefined)) {
    throw new TorcError('BAD_REQUEST', 'a delete marker has no body')
  }
  const { blockSizes = [], partBlocks } = head
  if (partBlocks === undefined) return
  const inParts = partBlocks.reduce((sum, count) => sum + count, 0)
  if (head.blocks === undefined || partBlocks.length === 0 || inParts !== blockSizes.length) {
    throw new TorcError('BAD_REQUEST', '`partBlocks` must add up to the number of `blockSizes`')
  }
}
