import { dotsEqual } from '@torc/cluster/clocks/dot'
import type { AttributeRegister, Attributes } from '@torc/cluster/state/attributes'
import type { Version } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type { BucketView } from '../buckets/bucket-record.js'
import type { Coordination } from '../core/coordination.js'
import { Deadline } from '../core/deadline.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { type Placement, place } from '../core/placement.js'
import { writeAttributes } from './attribute-write.js'
import { read, uniqueMatch } from './get-flow.js'
import { readMerged } from './reconcile.js'

const { tagsMax, tagNameBytesMax: nameBytesMax, tagValueBytesMax: valueBytesMax } = limits
/** Registers of tags are named so, then by the tag. */
const prefix = 'tag:'

export interface TagRequest {
  readonly bucket: BucketView
  readonly key: string
  /** An id or a unique prefix of one; undefined = the latest head. */
  readonly versionId: string | undefined
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

export interface TagChange {
  readonly set: readonly (readonly [name: string, value: string])[]
  readonly clear: readonly string[]
}

export type Tags = ReadonlyMap<string, string>

export interface TaggedVersion {
  readonly version: Version
  /** By name. */
  readonly tags: Tags
}

export function readTags(c: Coordination, request: TagRequest): Promise<TaggedVersion> {
  const deadline = new Deadline(c.environment.clock, request.timeoutMs, request.signal)
  return withFreshLayout(c, async () => {
    const { version, registers } = await readTagged(
      c,
      place(c, request.bucket, request.key),
      request,
      deadline,
    )
    return { version, tags: tagsOf(version, registers) }
  })
}

/** Tags that are not named stay. Of changes that race the later wins, tag by tag. */
export function changeTags(c: Coordination, request: TagRequest, change: TagChange): Promise<TaggedVersion> {
  checkChange(change)
  const deadline = new Deadline(c.environment.clock, request.timeoutMs, request.signal)
  return withFreshLayout(c, async () => {
    const p = place(c, request.bucket, request.key)
    const { version, registers } = await readTagged(c, p, request, deadline)
    const before = tagsOf(version, registers)
    const after = new Map([...before, ...change.set])
    for (const name of change.clear) after.delete(name)
    if (after.size > tagsMax) {
      throw new TorcError(
        'BAD_REQUEST',
        `the version would have ${after.size} tags; ${tagsMax} are the most`,
        {
          hint: 'Clear some with the same change.',
        },
      )
    }
    const set = change.set.map(([name, value]) => [prefix + name, Buffer.from(value)] as const)
    // What was never set needs no register that says so.
    const clear = change.clear.filter(name => before.has(name)).map(name => prefix + name)
    if (set.length + clear.length > 0) {
      const seenTime = registers.reduce((latest, { time }) => Math.max(latest, time), 0)
      await writeAttributes(c, p, { version: version.dot, set, clear, seenTime }, deadline)
    }
    return { version, tags: sorted(after) }
  })
}

/** KEY_NOT_FOUND and VERSION_NOT_FOUND as a GET. */
async function readTagged(
  c: Coordination,
  p: Placement,
  request: TagRequest,
  deadline: Deadline,
): Promise<{ readonly version: Version; readonly registers: readonly AttributeRegister[] }> {
  const versionId =
    request.versionId ?? (await read(c, { ...request, timeoutMs: deadline.remainingMs })).version.id
  const { state, removed } = await readMerged(c, p, p.readQuorum, deadline, versionId)
  const version = uniqueMatch(request, versionId, [...state.versions.values()], removed)
  return { version, registers: registersOf(version, state.attributes) }
}

function registersOf(version: Version, attributes: Attributes): AttributeRegister[] {
  return [...attributes.values()].filter(
    register =>
      register.version !== undefined &&
      dotsEqual(register.version, version.dot) &&
      register.name.startsWith(prefix),
  )
}

/** What the version was made with, and what was set and cleared since. */
function tagsOf(version: Version, registers: readonly AttributeRegister[]): Tags {
  const tags = new Map(version.tags)
  for (const { name, value } of registers) {
    const tag = name.slice(prefix.length)
    if (value === undefined) tags.delete(tag)
    else tags.set(tag, Buffer.from(value).toString())
  }
  return sorted(tags)
}

function sorted(tags: Tags): Tags {
  return new Map([...tags].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Tags that a version is to be made with, by name. BAD_REQUEST where no version can have them. */
export function createdTags(tags: TagChange['set'] | undefined): Version['tags'] {
  if (tags === undefined) return undefined
  checkChange({ set: tags, clear: [] })
  return [...sorted(new Map(tags))]
}

/** The tags that a version has now, for one that is made of it; those that it was made with where it is gone since. */
export async function tagsOfSource(
  c: Coordination,
  request: Omit<TagRequest, 'versionId'>,
  source: Version,
  mayBeGone: boolean,
): Promise<Version['tags']> {
  try {
    return [...(await readTags(c, { ...request, versionId: source.id })).tags]
  } catch (thrown) {
    const { code } = TorcError.from(thrown)
    if (mayBeGone && (code === 'VERSION_REMOVED' || code === 'VERSION_NOT_FOUND')) return source.tags
    throw thrown
  }
}

// Control characters: C0, DEL, C1.
const unprintable = /[\p{Cc}\p{Cs}]/u

function checkChange({ set, clear }: TagChange): void {
  const names = [...set.map(([name]) => name), ...clear]
  for (const name of names) {
    const size = Buffer.byteLength(name)
    if (size < 1 || size > nameBytesMax || unprintable.test(name)) {
      throw new TorcError('BAD_REQUEST', `${JSON.stringify(name.slice(0, 80))} is no name of a tag`, {
        hint: `A name has 1 to ${nameBytesMax} bytes of UTF-8 and no control characters.`,
      })
    }
  }
  if (new Set(names).size < names.length)
    throw new TorcError('BAD_REQUEST', 'a tag is named twice in one change')
  for (const [name, value] of set) {
    const size = Buffer.byteLength(value)
    if (size > valueBytesMax)
      throw new TorcError('BAD_REQUEST', `tag ${name} has ${size} bytes; ${valueBytesMax} are the most`)
  }
  if (set.length > tagsMax || clear.length > tagsMax)
    throw new TorcError('BAD_REQUEST', `a change names at most ${tagsMax} tags`)
}
