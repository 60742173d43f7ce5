import type { Handlers, IncomingRequest, OutgoingBody, Reply } from '@torc/protocol/exchange/exchange'
import type { WriteConditions } from '@torc/protocol/store/object-store'
import { receivedBody } from '../bodies/body-source.js'
import { storedBody } from '../bodies/stored-body.js'
import { conditionOf } from '../core/condition-fields.js'
import type { Coordination } from '../core/coordination.js'
import type { Operations } from '../core/operations.js'
import type { SharedFiles } from '../shared-path/shared-files.js'
import { withSharedBody, writeShared } from '../shared-path/shared-transfer.js'
import { copyAnswer, tokenAfterWrite, tokenOfDelete, versionAnswer, writeAnswer } from './answers.js'

/** What the handlers work with. */
export interface ObjectHandlerParts {
  readonly c: Coordination
  readonly operations: Operations
  readonly files: SharedFiles
}

/** What clients ask about single objects. */
export function objectHandlers(parts: ObjectHandlerParts): Handlers {
  const { c, operations } = parts
  return {
    putObject: request => store(parts, request, request.head.key, request.head),
    postDatum: request => store(parts, request, undefined, {}),
    async copyObject({ head }) {
      const { contentType, metadata, tags, context, policy, sourceVersionId, retry = false } = head
      const { bucket, key, opId, sourceBucket, sourceKey } = head
      const outcome = await operations.copy({
        bucket,
        key,
        opId,
        sourceBucket,
        sourceKey,
        sourceVersionId,
        contentType,
        metadata,
        tags,
        context,
        condition: conditionOf(head, context),
        policy,
        retry,
        timeoutMs,
        signal: undefined,
      })
      return { head: copyAnswer(outcome) }
    },
    getObject: request => send(parts, request),
    async headObject({ head }) {
      const { bucket, key, versionId, at, strict } = head
      const operation = { bucket, key, versionId, at, strict, timeoutMs, signal: undefined }
      return { head: versionAnswer(await operations.get(operation)) }
    },
    async deleteObject({ head }) {
      const { bucket, key, opId, versionId, context, marker = false, retry = false, strict } = head
      const rest = { marker, retry, strict, timeoutMs, signal: undefined }
      const operation = { bucket, key, opId, versionId, context, ...rest }
      if (marker && versionId === undefined) {
        const outcome = await operations.mark(operation)
        return { head: { removed: [], marker: outcome.version.id, context: tokenAfterWrite(outcome) } }
      }
      const outcome = await operations.purge(operation)
      c.log.debug({ bucket, key, removed: outcome.removed.length }, 'purged')
      return { head: { removed: outcome.removed.slice(0, removedMax), context: tokenOfDelete(outcome) } }
    },
  }
}

/** Most versions that an answer names. */
const removedMax = 65_536

/** The requester's own deadline ends a request; in between, agents have theirs. */
const timeoutMs = undefined

async function store(
  { operations, files }: ObjectHandlerParts,
  request: IncomingRequest<'putObject'> | IncomingRequest<'postDatum'>,
  key: string | undefined,
  conditions: WriteConditions,
): Promise<Reply<'putObject'>> {
  const { head, body } = request
  const { bucket, opId, etag, contentType, metadata, tags, context, policy, retry = false, strict } = head
  const { size, sha256, shared } = head
  // A small body is here whole: what is left takes no longer than its answer, and nothing needs a signal.
  const signal =
    body?.inline === undefined && (body !== undefined || shared !== undefined) ? request.signal : undefined
  const condition = conditionOf(conditions, context)
  const what = { bucket, key, opId, etag, contentType, metadata, tags, context, condition, policy }
  const operation = { ...what, retry, strict, timeoutMs, signal }
  if (shared === undefined) {
    const outcome = await operations.put({ ...operation, source: receivedBody(body, size, sha256) })
    return { head: writeAnswer(outcome, outcome.version.size) }
  }
  body?.discard()
  const outcome = await withSharedBody(files, shared, { size, sha256 }, source =>
    operations.put({ ...operation, source }),
  )
  return { head: writeAnswer(outcome, 0) }
}

async function send(
  { c, operations, files }: ObjectHandlerParts,
  request: IncomingRequest<'getObject'>,
): Promise<Reply<'getObject'>> {
  const { bucket, key, versionId, at, strict, range, shared } = request.head
  const read = await operations.get({ bucket, key, versionId, at, strict, timeoutMs, signal: undefined })
  const signal = shared === undefined ? undefined : request.signal
  const stored = storedBody(c, read, range, { timeoutMs, signal })
  const head: Reply<'getObject'>['head'] = versionAnswer(read)
  if (stored.range !== undefined) head.range = [stored.range.first, stored.range.last]
  if (shared !== undefined) {
    await writeShared(c, files, shared, stored, read.version)
    return { head }
  }
  const { pieces, leases } = stored
  // Of an object in parts the version's is not the digest of its bytes.
  const { sha256, partBlocks } = read.version
  const whole = stored.range === undefined && partBlocks === undefined ? sha256 : undefined
  const body: OutgoingBody = leases === undefined ? (pieces ?? []) : { stream: leases, sha256: () => whole }
  return { head, body }
}
