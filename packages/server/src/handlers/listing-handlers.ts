import type { Handlers, IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import { limits } from '@torc/protocol/limits'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { Operations } from '../core/operations.js'
import { blocksAnswer, entryAnswer, historyAnswer } from './answers.js'

/** What clients ask about many objects. */
export function listingHandlers(operations: Operations): Handlers {
  return {
    listKeys: request => page(operations, request, 'keys'),
    listVersions: request => page(operations, request, 'versions'),
    async *getHistory({ head, signal }) {
      const { bucket, key, limit } = head
      for await (const page of operations.history({ bucket, key, limit, timeoutMs: undefined, signal }))
        yield { head: { versions: page.map(historyAnswer) } }
    },
    async *fetchObjectBlocks({ head, signal }) {
      const { bucket, key, versionId } = head
      for await (const page of operations.blocks({ bucket, key, versionId, timeoutMs: undefined, signal }))
        yield { head: blocksAnswer(page) }
    },
    async *fetchBucket({ head, signal }) {
      const { bucket, prefix = '' } = head
      for await (const { items, end } of operations.gather({
        bucket,
        prefix,
        timeoutMs: undefined,
        signal,
      })) {
        const answer: ResponseOf<'fetchBucket'> = {
          items: items.map(item => ({ ...item, agents: item.agents.slice(0, agentsMax) })),
        }
        if (end !== undefined) {
          answer.missing = [...end.missing]
          answer.silent = [...end.silent]
        }
        yield { head: answer }
      }
    },
  }
}

/** Most agents that an item names. */
const agentsMax = 64

async function page(
  operations: Operations,
  { head }: IncomingRequest<'listKeys'> | IncomingRequest<'listVersions'>,
  what: 'keys' | 'versions',
): Promise<Reply<'listKeys'>> {
  const { bucket, prefix = '', delimiter, limit = limits.listLimitMax, startAfter, token, at, details } = head
  const listed = await operations.list({
    bucket,
    what,
    prefix,
    delimiter,
    limit,
    startAfter,
    token,
    at,
    details,
    timeoutMs: undefined,
    signal: undefined,
  })
  const answer: ResponseOf<'listKeys'> = { entries: listed.entries.map(entryAnswer) }
  if (listed.token !== undefined) answer.token = listed.token
  return { head: answer }
}
