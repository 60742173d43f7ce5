import { TorcError } from '@torc/protocol/errors'
import { parseByteCount, parseDurationMs } from './quantities.js'

/** What an option's value is in the program, by the type that its descriptor names. */
export interface OptionTypes {
  readonly text: string
  readonly path: string
  readonly boolean: boolean
  /** `--flag` or `--no-flag`; undefined when neither was given. */
  readonly switch: boolean
  readonly integer: number
  /** Milliseconds; written `500ms`, `10s`, `2m`, `1h`, or a number of seconds. */
  readonly duration: number
  /** Bytes; written `1048576`, `64KiB`, `2GB`. */
  readonly bytes: number
  /** Commas part the values; a flag may also be repeated. */
  readonly list: readonly string[]
  /** A repeatable flag whose values stay whole. */
  readonly repeated: readonly string[]
}

export type OptionType = keyof OptionTypes
export type OptionValue = OptionTypes[OptionType]

/** One option: the only place that says how it is named, typed, defaulted and explained. */
export interface OptionDescriptor<T extends OptionType = OptionType> {
  readonly type: T
  readonly doc: string
  readonly default?: OptionTypes[T]
  /** Unit of the value, shown in the help. */
  readonly unit?: string
  /** `--flag`; derived from the option's name when absent, `null` where no flag may carry it (secrets). */
  readonly flag?: string | null
  /** Derived from the flag when absent (`TORC_…`). */
  readonly environment?: string
  /** How the help names the value. */
  readonly value?: string
  readonly choices?: readonly string[]
  readonly min?: number
  readonly max?: number
}

export type OptionTable = Readonly<Record<string, OptionDescriptor>>

type ValueOf<D extends OptionDescriptor> = D extends {
  readonly type: 'text'
  readonly choices: readonly (infer Choice)[]
}
  ? Choice
  : OptionTypes[D['type']]

type AbsenceOf<D extends OptionDescriptor> = D extends
  | { readonly default: unknown }
  | { readonly type: 'boolean' }
  ? never
  : undefined

/** The parsed form of a table: options with a default (and booleans) are always there. */
export type OptionsOf<T extends OptionTable> = {
  readonly [K in keyof T]: ValueOf<T[K]> | AbsenceOf<T[K]>
}

/** A value as it was written: by a flag, an environment variable or a profile. */
export type RawValue = string | boolean | number | readonly string[]

const kebab = (name: string): string => name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)

/** Whether an option is a word on its own. */
export function takesValue({ type }: OptionDescriptor): boolean {
  return type !== 'boolean' && type !== 'switch'
}

/** The flag of an option without its dashes; undefined where it has none. */
export function flagOf(name: string, option: OptionDescriptor): string | undefined {
  return option.flag === null ? undefined : (option.flag ?? kebab(name))
}

export function environmentOf(name: string, option: OptionDescriptor): string {
  return option.environment ?? `TORC_${(option.flag ?? kebab(name)).replaceAll('-', '_').toUpperCase()}`
}

function refuse(source: string, wanted: string, given: string): TorcError {
  return new TorcError('CONFIG', `${source} must be ${wanted}, not ${JSON.stringify(given.slice(0, 80))}`)
}

const truths = new Map([
  ...['1', 'true', 'yes', 'on'].map(word => [word, true] as const),
  ...['0', 'false', 'no', 'off'].map(word => [word, false] as const),
])

function parseBoolean(raw: RawValue, source: string): boolean {
  if (typeof raw === 'boolean') return raw
  const truth = truths.get(String(raw).toLowerCase())
  if (truth === undefined) throw refuse(source, 'true or false', String(raw))
  return truth
}

function inBounds(value: number, option: OptionDescriptor, source: string, given: string): number {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = option
  if (value < min || value > max) {
    throw refuse(source, max === Number.MAX_SAFE_INTEGER ? `at least ${min}` : `from ${min} to ${max}`, given)
  }
  return value
}

/** Turns what was written into the option's value; CONFIG (exit 2) names the source and what was wanted. */
export function parseOption(option: OptionDescriptor, raw: RawValue, source: string): OptionValue {
  if (!takesValue(option)) return parseBoolean(raw, source)
  if (option.type === 'list' || option.type === 'repeated') {
    const written = Array.isArray(raw) ? raw.map(String) : [String(raw)]
    return option.type === 'repeated'
      ? written
      : written
          .flatMap(text => text.split(','))
          .map(text => text.trim())
          .filter(text => text !== '')
  }
  // The last of several occurrences counts.
  const text = String(Array.isArray(raw) ? raw.at(-1) : raw)
  switch (option.type) {
    case 'integer':
      if (!/^-?\d{1,15}$/.test(text)) throw refuse(source, 'a whole number', text)
      return inBounds(Number(text), option, source, text)
    case 'duration': {
      const ms = parseDurationMs(text)
      if (ms === undefined) throw refuse(source, 'a span such as 500ms, 10s or 2m', text)
      return inBounds(ms, option, source, text)
    }
    case 'bytes': {
      const count = parseByteCount(text)
      if (count === undefined) throw refuse(source, 'a number of bytes such as 1048576, 64KiB or 2GB', text)
      return inBounds(count, option, source, text)
    }
    default:
      if (option.choices !== undefined && !option.choices.includes(text)) {
        throw refuse(source, `one of ${option.choices.join(', ')}`, text)
      }
      return text
  }
}
