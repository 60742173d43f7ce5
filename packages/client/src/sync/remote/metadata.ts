import { limits } from '@torc/protocol/limits'
import { type Content, folderContent, isFolderName } from '../trees/entry.js'

/*
 * What a version of the store says of a file beside its bytes. `mtime` and `mode` are those that rclone writes, so that
 * files which it copied have their times here, and ours there.
 */

export type MetadataPairs = readonly (readonly [name: string, value: string])[]

/** What a look at a version tells, and its entry in a listing too. */
export interface VersionFacts {
  readonly sha256: string
  /** As of `VersionInfo`. */
  readonly parts?: readonly number[] | undefined
  readonly size: number
  readonly contentType: string
  readonly metadata: MetadataPairs
}

const mtimeName = 'mtime'
const modeName = 'mode'
const clientName = 'torc-client'
const ownNames: ReadonlySet<string> = new Set([mtimeName, modeName, clientName])

const linkType = 'inode/symlink'
const otherType = 'application/octet-stream'

const ownerExecutes = 0o100

/** What is compared of a version. A name says alone whether it is a folder; whatever bytes that has are nobody's. */
export function contentOf(name: string, { size, contentType, metadata, ...facts }: VersionFacts): Content {
  if (isFolderName(name)) return folderContent
  // Uploaded in parts it has a digest of digests, which says nothing of the bytes: it is equal to no file's.
  const sha256 = facts.parts === undefined ? facts.sha256 : `parts:${facts.sha256}`
  if (contentType === linkType) return { kind: 'link', sha256, size, executable: false }
  return { kind: 'file', sha256, size, executable: isExecutable(metadataValue(metadata, modeName)) }
}

/** When the file was changed: what its writer said, else when the version was made. */
export function mtimeOf(metadata: MetadataPairs, createdAt: Date): number {
  return parseMtime(metadataValue(metadata, mtimeName)) ?? createdAt.getTime()
}

/** The sync client that wrote the version. */
export function clientOf(metadata: MetadataPairs): string | undefined {
  return metadataValue(metadata, clientName)
}

/** Metadata of a version with the content; what `others` has of other programs stays, as far as there is room. */
export function metadataOf(
  { kind, executable }: Content,
  { mtimeMs, client }: { readonly mtimeMs: number; readonly client: string },
  others: MetadataPairs = [],
): MetadataPairs {
  const own: [string, string][] = [[mtimeName, formatMtime(mtimeMs)]]
  if (kind === 'file') own.push([modeName, executable ? '100755' : '100644'])
  own.push([clientName, client])
  const foreign = others.filter(([name]) => !ownNames.has(name.toLowerCase()))
  return [...foreign.slice(0, limits.metadataPairsMax - own.length), ...own]
}

/** Content type of a version with the content; undefined: that of what it is a copy of, else whatever the store says. */
export function contentTypeOf({ kind }: Content, copied?: string): string | undefined {
  if (kind === 'link') return linkType
  // A file may have the bytes of a link's target.
  return copied === linkType ? otherType : undefined
}

/** Seconds since 1970, with up to 9 decimals. */
export function formatMtime(mtimeMs: number): string {
  const nanoseconds = BigInt(Math.trunc(mtimeMs)) * 1_000_000n + BigInt(Math.round((mtimeMs % 1) * 1e6))
  const absolute = nanoseconds < 0n ? -nanoseconds : nanoseconds
  const fraction = String(absolute % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  const seconds = `${nanoseconds < 0n ? '-' : ''}${absolute / 1_000_000_000n}`
  return fraction === '' ? seconds : `${seconds}.${fraction}`
}

const mtimeForm = /^\s*(-?)(\d{1,13})(?:\.(\d*))?\s*$/
/** Times that a Date can hold. */
const mtimeMsMax = 8.64e15

/** Milliseconds since 1970; undefined where the text is no time. */
export function parseMtime(text: string | undefined): number | undefined {
  const [, sign, seconds, fraction = ''] = mtimeForm.exec(text ?? '') ?? []
  if (seconds === undefined) return undefined
  const milliseconds = Number(seconds) * 1000 + Number(fraction.slice(0, 9).padEnd(9, '0')) / 1e6
  if (milliseconds > mtimeMsMax) return undefined
  return sign === '-' ? -milliseconds : milliseconds
}

const modeForm = /^\s*(?:0o)?([0-7]{1,7})\s*$/

function isExecutable(mode: string | undefined): boolean {
  const [, digits] = modeForm.exec(mode ?? '') ?? []
  return digits !== undefined && (Number.parseInt(digits, 8) & ownerExecutes) !== 0
}

/** Programs that write through HTTP can't choose the case of a name. */
function metadataValue(metadata: MetadataPairs, wanted: string): string | undefined {
  return metadata.find(([name]) => name.toLowerCase() === wanted)?.[1]
}
