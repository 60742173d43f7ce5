import { decodeContext, encodeContext } from '@torc/cluster/clocks/causal-context'
import type { BlockReference } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { RequestOf } from '@torc/protocol/messages/table'
import { addressedKey } from './addressing.js'
import type { AgentContext } from './agent-context.js'
import { checkInlineBody, readInlineBody } from './inline-body.js'

/**
 * Mints a new version of a key. Retried by opId: what an earlier attempt made is answered again.
 *
 * Durable before sent: the version and the end of the counter lease are committed before the answer leaves.
 */
export function mintHandler(agent: AgentContext) {
  return async (request: IncomingRequest<'mint'>): Promise<Reply<'mint'>> => {
    const { head } = request
    const name = addressedKey(agent, head)
    const blocks = blockList(head)
    const inline = head.kind === 'object' && blocks === undefined
    const read = inline ? readInlineBody(request.body) : null
    const body = read instanceof Promise ? await read : read
    if (body !== null) checkInlineBody(agent.hasher, body, head.size, head.sha256)
    const cover = head.cover === undefined ? undefined : decodeContext(head.cover)
    const minted = await agent.commit.submit(() =>
      agent.index.mint(name, {
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
        blocks,
        body,
      }),
    )
    const { version, summary } = minted
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
      },
    }
  }
}

/** The block list of the request, or undefined for a body that comes inline. */
function blockList(head: RequestOf<'mint'>): BlockReference[] | undefined {
  const { blocks, blockSizes } = head
  if (blocks === undefined) return undefined
  if (blockSizes === undefined || blocks.length !== blockSizes.length * 32) {
    throw new TorcError('BAD_REQUEST', '`blocks` must have 32 bytes for each of `blockSizes`')
  }
  let total = 0
  const list = blockSizes.map((size, i) => {
    total += size
    return { hash: blocks.subarray(i * 32, i * 32 + 32), size }
  })
  if (total !== head.size) throw new TorcError('BAD_REQUEST', '`blockSizes` must add up to `size`')
  return list
}
