import { TorcError } from '../errors.js'
import { isAccessKeyId } from '../identifiers/access-key-id.js'
import { limits } from '../limits.js'
import { allBuckets } from './access.js'

/**
 * A field of a message head. `check` returns the value as the program sees it or throws BAD_REQUEST with
 * the field's name; `wide` marks integers that may exceed 32 bits, which MessagePack must carry as
 * integers (see `codec/`), never as floats.
 */
export interface Field<T, Optional extends boolean = boolean> {
  readonly kind: string
  readonly optional: Optional
  readonly wide: boolean
  readonly check: (value: unknown, name: string) => T
  /** What it means, for `docs/PROTOCOL.md`. */
  readonly doc?: string
}

export type Fields = Readonly<Record<string, Field<unknown>>>

/** The TypeScript shape of a head with these fields. */
export type HeadOf<F extends Fields> = {
  -readonly [K in keyof F as F[K] extends Field<unknown, true> ? never : K]: F[K] extends Field<infer T>
    ? T
    : never
} & {
  -readonly [K in keyof F as F[K] extends Field<unknown, true> ? K : never]?: F[K] extends Field<infer T>
    ? T
    : never
}

const bad = (name: string, wanted: string): TorcError =>
  new TorcError('BAD_REQUEST', `field \`${name}\` must be ${wanted}`)

function field<T>(kind: string, check: Field<T>['check'], wide = false): Field<T, false> {
  return { kind, optional: false, wide, check }
}

/** The same field, but it may be absent (or nil). */
export function optional<T>(inner: Field<T>): Field<T, true> {
  return { ...inner, optional: true }
}

/** The same field with its meaning. */
export function note<T, O extends boolean>(doc: string, inner: Field<T, O>): Field<T, O> {
  return { ...inner, doc }
}

/** UTF-8 text of `bytesMin` to `bytesMax` bytes. */
export function text(bytesMax: number, bytesMin = 0): Field<string, false> {
  const wanted = `text of ${bytesMin} to ${bytesMax} bytes`
  return field(bytesMin === 0 ? `str ≤ ${bytesMax}` : `str ${bytesMin}…${bytesMax}`, (value, name) => {
    if (typeof value !== 'string') throw bad(name, wanted)
    // A UTF-16 unit takes one to three bytes: count exactly only where the length alone can't tell.
    const fits =
      value.length * 3 <= bytesMax || (value.length <= bytesMax && Buffer.byteLength(value) <= bytesMax)
    if (!fits || value.length < bytesMin) throw bad(name, wanted)
    return value
  })
}

/** A bound as people write it. */
function bound(value: number): string {
  if (value === Number.MAX_SAFE_INTEGER) return '2^53−1'
  if (value === Number.MIN_SAFE_INTEGER) return '−2^53+1'
  return String(value).replace('-', '−')
}

/** An integer, `min` to `max`, both at most 2^53 − 1 in size. */
export function integer(min = 0, max = Number.MAX_SAFE_INTEGER): Field<number, false> {
  const wide = max > 0xffff_ffff || min < -0x8000_0000
  return field(
    `int ${bound(min)}…${bound(max)}`,
    (value, name) => {
      if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
        throw bad(name, `an integer from ${min} to ${max}`)
      }
      return value
    },
    wide,
  )
}

export const boolean: Field<boolean, false> = field('bool', (value, name) => {
  if (typeof value !== 'boolean') throw bad(name, 'true or false')
  return value
})

/** Bytes, exactly `size` or up to `max`. */
export function bytes(max: number, exact = false): Field<Uint8Array, false> {
  return field(exact ? `bin ${max}` : `bin ≤ ${max}`, (value, name) => {
    if (!(value instanceof Uint8Array) || (exact ? value.length !== max : value.length > max)) {
      throw bad(name, exact ? `${max} bytes` : `at most ${max} bytes`)
    }
    return value
  })
}

export function oneOf<const T extends string>(...values: readonly T[]): Field<T, false> {
  const known = new Set<unknown>(values)
  return field(values.map(v => `"${v}"`).join(' | '), (value, name) => {
    if (!known.has(value)) throw bad(name, `one of ${values.join(', ')}`)
    return value as T
  })
}

export function list<T>(inner: Field<T>, countMax: number): Field<T[], false> {
  return field(
    `array of (${inner.kind}) ≤ ${countMax}`,
    (value, name) => {
      if (!Array.isArray(value) || value.length > countMax) throw bad(name, `a list of at most ${countMax}`)
      for (let i = 0; i < value.length; i++) value[i] = inner.check(value[i], name)
      return value as T[]
    },
    inner.wide,
  )
}

/** A pair as an array of two; wire maps are only used where keys are field names. */
export function pair<A, B>(first: Field<A>, second: Field<B>): Field<[A, B], false> {
  return field(
    `[${first.kind}, ${second.kind}]`,
    (value, name) => {
      if (!Array.isArray(value) || value.length !== 2) throw bad(name, 'a pair')
      return [first.check(value[0], name), second.check(value[1], name)]
    },
    first.wide || second.wide,
  )
}

/** A nested map with fields of its own. Unknown keys are ignored. */
export function map<F extends Fields>(fields: F): Field<HeadOf<F>, false> {
  const check = checkerOf(fields)
  return field(
    `map {${Object.entries(fields)
      .map(([k, f]) => `${k}${f.optional ? '?' : ''}: ${f.kind}`)
      .join('; ')}}`,
    (value, name) => check(value, name),
    Object.values(fields).some(f => f.wide),
  )
}

/** Checks a decoded map against `fields`; unknown keys are dropped, so that versions can roll. */
export function checkerOf<F extends Fields>(fields: F): (value: unknown, name?: string) => HeadOf<F> {
  const entries = Object.entries(fields)
  return (value, name = 'head') => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
      throw bad(name, 'a map')
    }
    const source = value as Record<string, unknown>
    const out: Record<string, unknown> = {}
    for (const [key, f] of entries) {
      const given = source[key]
      if (given === undefined || given === null) {
        if (!f.optional) throw bad(key, `present (${f.kind})`)
      } else out[key] = f.check(given, key)
    }
    return out as HeadOf<F>
  }
}

// The vocabulary that several messages share.

const bucketPattern = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/

/** Lower-case letters, digits, `.` and `-`, 1 to 63 long, beginning and ending with a letter or digit. */
export const bucketName: Field<string, false> = field('bucket name', (value, name) => {
  if (typeof value !== 'string' || !bucketPattern.test(value)) {
    throw new TorcError(
      'BAD_REQUEST',
      `\`${name}\` is not a bucket's name: ${JSON.stringify(value)?.slice(0, 80)}`,
      {
        hint: 'A name has 1 to 63 lower-case letters, digits, "." and "-", and begins and ends with a letter or digit.',
      },
    )
  }
  return value
})

/** A bucket's name, or `*` for all buckets. */
export const bucketOrAll: Field<string, false> = field('bucket name | "*"', (value, name) =>
  value === allBuckets ? allBuckets : bucketName.check(value, name),
)

/** An id of an access key: `TK` and 18 characters of base32, or the root key's. */
export const accessKeyId: Field<string, false> = field('id of an access key', (value, name) => {
  if (isAccessKeyId(value)) return value
  throw new TorcError('BAD_REQUEST', `\`${name}\` is no id of an access key`, {
    hint: 'An id is TK and 18 letters and digits, as `torc key list` shows it.',
  })
})

/** A name for people: whatever they like, but no control characters. */
export const displayName: Field<string, false> = field(`name ≤ ${limits.keyNameBytesMax}`, (value, name) => {
  if (typeof value === 'string' && Buffer.byteLength(value) <= limits.keyNameBytesMax && isPrintable(value))
    return value
  throw bad(name, `text of at most ${limits.keyNameBytesMax} bytes without control characters`)
})

function isPrintable(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text)
}

/** 1 to 1024 bytes of well-formed UTF-8 without NUL. */
export const keyText: Field<string, false> = field('key', (value, name) => {
  const fits = typeof value === 'string' && value.length > 0 && Buffer.byteLength(value) <= limits.keyBytesMax
  if (!fits || value.includes('\0') || !value.isWellFormed()) {
    throw new TorcError('BAD_REQUEST', `\`${name}\` is not a key`, {
      hint: 'A key is 1 to 1024 bytes of UTF-8 without NUL.',
    })
  }
  return value
})

/** A key as agents know it: a client's, or a longer one with NUL in it that servers make for themselves. */
export const storedKey: Field<string, false> = field('stored key', (value, name) => {
  const fits =
    typeof value === 'string' && value.length > 0 && Buffer.byteLength(value) <= limits.storedKeyBytesMax
  if (!fits || !value.isWellFormed()) throw bad(name, `a key of 1 to ${limits.storedKeyBytesMax} bytes`)
  return value
})

const etagPattern = /^[\x20-\x7e]{1,128}$/

/** An opaque tag of the content, as a writer names it: 1 to 128 characters of printable ASCII. */
export const etag: Field<string, false> = field('etag', (value, name) => {
  if (typeof value === 'string' && etagPattern.test(value)) return value
  throw bad(name, 'an etag of 1 to 128 characters of printable ASCII')
})

export const opId = bytes(16, true)
export const sha256 = bytes(32, true)
/** An id of a node, `name-xxxxxxxx`. */
export const nodeId = text(limits.nodeIdBytesMax, 1)
/** Hybrid clock: microseconds since 1970 whose lower part may be logical. */
export const hybridTime = integer()
export const versionIdText = text(64, 1)
export const contentType = text(limits.contentTypeBytesMax)
/** User metadata as pairs, in the user's order. */
export const metadata = list(pair(text(256, 1), text(4096)), limits.metadataPairsMax)
/** Name of a tag: 1 to 512 bytes; servers take no control characters. */
export const tagName = text(limits.tagNameBytesMax, 1)
/** Names and values of tags. */
export const tags = list(pair(tagName, text(limits.tagValueBytesMax)), limits.tagsMax)
/** A causal context token as people see it (base64url). */
export const token = text(limits.tokenBytesMax)
/** What people read as a version's clock: actor → counter. */
export const clockPairs = list(pair(text(16), integer()), 4096)
export const keyPrefix = text(limits.keyBytesMax)
/** The beginning of a key as agents know it. */
export const storedPrefix = text(limits.storedKeyBytesMax)
