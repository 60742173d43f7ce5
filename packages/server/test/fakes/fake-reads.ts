import { encodeContext } from '@torc/cluster/clocks/causal-context'
import { dotText } from '@torc/cluster/clocks/dot'
import { headsAsOf } from '@torc/cluster/state/as-of'
import { encodeAttributes } from '@torc/cluster/state/attributes-codec'
import { closedContext, headsOf, type KeyState, stateDigest } from '@torc/cluster/state/key-state'
import { headsCoverAll, summaryOf } from '@torc/cluster/state/key-summary'
import type { Version } from '@torc/cluster/state/version'
import { encodeVersion } from '@torc/cluster/state/version-codec'
import { compareKeys } from '@torc/protocol/identifiers/key-order'
import type { RequestOf, ResponseOf } from '@torc/protocol/messages/table'

/** What a fake agent keeps of a key. */
export interface StoredKey {
  readonly bucketId: string
  readonly key: string
  state: KeyState
  readonly bodies: Map<string, Uint8Array>
  /** Versions that were removed here, and how. */
  readonly removed: NonNullable<ResponseOf<'fetchKey'>['removed']>
}

type KeyAnswer = { readonly head: ResponseOf<'fetchKey'>; readonly body?: Uint8Array | undefined }

/** `digest`, `heads` and `state` of a key. */
export function readKey(
  head: RequestOf<'fetchKey'>,
  state: KeyState,
  stored: StoredKey | undefined,
  time: number,
): KeyAnswer[] {
  const digest = stateDigest(state)
  if (head.want === 'digest') return [{ head: { time, digest } }]
  const { newest, maxSeq } = summaryOf(state)
  const closed = encodeContext(closedContext(state))
  const versions = [...state.versions.values()]
  const heads = head.at === undefined ? headsOf(versions) : headsAsOf(versions, head.at).heads
  const whole = { time, digest, newest, seq: maxSeq, ...attributesField(state) }
  if (head.want === 'heads') {
    const [latest] = heads
    const body = latest === undefined ? undefined : stored?.bodies.get(dotText(latest.dot))
    return inFrames({ ...whole, context: closed }, heads).map((part, i) =>
      i === 0 ? { head: part, body } : { head: part },
    )
  }
  const first: ResponseOf<'fetchKey'> = {
    ...whole,
    context: encodeContext(state.context),
    heads: heads.map(encodeVersion),
  }
  const { versionId } = head
  const isNamed = ({ id, isNull }: Version): boolean =>
    versionId === undefined || (versionId === 'null' ? isNull === true : id.startsWith(versionId))
  if (versionId !== undefined)
    first.removed = (stored?.removed ?? []).filter(([id]) => id.startsWith(versionId))
  const others = versions
    .filter(version => !heads.includes(version))
    .filter(isNamed)
    .map(encodeVersion)
  // Few versions a frame: whoever reads must put the frames together.
  const frames: KeyAnswer[] = [{ head: first }]
  const perFrame = others.length > 100 ? 1000 : 1
  for (let i = 0; i < others.length; i += perFrame)
    frames.push({ head: { time, digest, versions: others.slice(i, i + perFrame) } })
  return frames
}

/** Registers as answers carry them: absent where there are none. */
export function attributesField(state: KeyState): { attributes?: Uint8Array } {
  return state.attributes.size === 0 ? {} : { attributes: encodeAttributes(state.attributes) }
}

/** Heads that are as large as real agents would split them come in two frames. */
function inFrames(first: ResponseOf<'fetchKey'>, heads: readonly Version[]): ResponseOf<'fetchKey'>[] {
  const records = heads.map(encodeVersion)
  const bytes = records.reduce((sum, record) => sum + record.length, 0)
  if (bytes < 384 * 1024) return [{ ...first, heads: records }]
  const half = Math.ceil(records.length / 2)
  return [
    { ...first, heads: records.slice(0, half) },
    { time: first.time, digest: first.digest, heads: records.slice(half) },
  ]
}

/** A range of a bucket's keys, in two frames, as real agents split it. `hints`: names of keys with hints. */
export function readRange(
  keys: readonly StoredKey[],
  head: RequestOf<'fetchRange'>,
  hints: { has(name: string): boolean },
  time: number,
): { readonly head: ResponseOf<'fetchRange'> }[] {
  const bucketId = Buffer.from(head.bucketId).toString('hex')
  const { after = '', prefix = '', limit } = head
  const found = keys
    .filter(stored => stored.bucketId === bucketId && stored.key.startsWith(prefix))
    .filter(stored => compareKeys(stored.key, after) > 0)
    .filter(stored => head.onlyHints !== true || hints.has(`${bucketId}/${stored.key}`))
    .sort((a, b) => compareKeys(a.key, b.key))
  const items = found.slice(0, limit).flatMap(({ key, state }) => rangeItems(key, state, head))
  const half = Math.ceil(items.length / 2)
  const last: ResponseOf<'fetchRange'> = { time, keys: items.slice(half) }
  if (found.length <= limit) last.exhausted = true
  return [{ head: { time, keys: items.slice(0, half) } }, { head: last }]
}

/** A key in a range: with versions, a long history comes in parts, as real agents send it. */
function rangeItems(
  key: string,
  state: KeyState,
  { versions = false, at }: RequestOf<'fetchRange'>,
): ResponseOf<'fetchRange'>['keys'] {
  const all = [...state.versions.values()].filter(({ createdAt }) => at === undefined || createdAt <= at)
  const heads = headsOf(all)
  const context = encodeContext(state.context)
  const coverAll =
    at === undefined ? headsCoverAll(summaryOf(state)) : headsAsOf(state.versions.values(), at).coverAll
  const first = { key, context, headsCoverAll: coverAll, heads: heads.map(encodeVersion) }
  if (!versions) return [first]
  const others = all.filter(version => !heads.includes(version)).map(encodeVersion)
  const perPart = others.length > 100 ? 1000 : 1
  const parts: Uint8Array[][] = []
  for (let i = 0; i < others.length; i += perPart) parts.push(others.slice(i, i + perPart))
  const [part, ...more] = parts
  if (part === undefined) return [first]
  return [
    { ...first, versions: part },
    ...more.map(records => ({ key, context, headsCoverAll: coverAll, heads: [], versions: records })),
  ]
}
