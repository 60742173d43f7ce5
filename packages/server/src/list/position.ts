import { actorId, compareDots, type Dot } from '@torc/cluster/clocks/dot'
import type { Version } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'

/**
 * Where a listing goes on: after a key, after everything under a common prefix, or after one version of a key. A
 * position needs no layout, no server's memory, and nothing that it names needs to exist any more.
 */
export type Position =
  | { readonly after: 'key'; readonly key: string }
  | { readonly after: 'prefix'; readonly prefix: string }
  | { readonly after: 'version'; readonly key: string; readonly createdAt: number; readonly dot: Dot }

const separator = '\0'

export function encodePosition(position: Position): string {
  return Buffer.from(positionText(position)).toString('base64url')
}

function positionText(position: Position): string {
  switch (position.after) {
    case 'key':
      return `k${position.key}`
    case 'prefix':
      return `p${position.prefix}`
    case 'version':
      return ['v', position.createdAt, position.dot.actor, position.dot.counter, position.key].join(separator)
  }
}

/** BAD_REQUEST when the text is no position that Torc made. */
export function decodePosition(token: string): Position {
  const bytes = Buffer.from(token, 'base64url')
  const text = bytes.toString()
  // Both decoders skip over what they don't know; a damaged token must not pass for a shorter one.
  const exact = bytes.toString('base64url') === token && Buffer.byteLength(text) === bytes.length
  if (exact && text.startsWith('k')) return { after: 'key', key: text.slice(1) }
  if (exact && text.startsWith('p')) return { after: 'prefix', prefix: text.slice(1) }
  // The key comes last: one that servers made for themselves has the separator in it.
  const [kind, createdAt, actor, counter, ...rest] = text.split(separator)
  if (exact && kind === 'v' && actor !== undefined && rest.length > 0) {
    const key = rest.join(separator)
    const dot = { actor: actorId(actor), counter: Number(counter) }
    const position: Position = { after: 'version', key, createdAt: Number(createdAt), dot }
    if (Number.isSafeInteger(position.createdAt) && Number.isSafeInteger(dot.counter)) return position
  }
  throw new TorcError('BAD_REQUEST', 'the token is not one of a listing', {
    hint: 'Give the `token` of the page before, unchanged.',
  })
}

/** Whether a version of the position's key comes after it in a listing (newest first). */
export function isAfter(
  version: Version,
  position: { readonly createdAt: number; readonly dot: Dot },
): boolean {
  if (version.createdAt !== position.createdAt) return version.createdAt < position.createdAt
  return compareDots(version.dot, position.dot) < 0
}
