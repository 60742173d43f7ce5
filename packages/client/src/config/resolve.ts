import {
  environmentOf,
  flagOf,
  type OptionsOf,
  type OptionTable,
  type OptionValue,
  parseOption,
  type RawValue,
} from './option.js'

/** Environment variables as a process has them. */
export type Variables = Readonly<Record<string, string | undefined>>

export interface OptionSources {
  /** What the command line said, by flag (without dashes). */
  readonly flags?: Readonly<Record<string, RawValue | undefined>> | undefined
  readonly variables?: Variables | undefined
  /** The chosen profile's file, by flag. */
  readonly profile?: Readonly<Record<string, RawValue | undefined>> | undefined
}

/** Parses a table once: flag, then environment variable, then profile, then default. The result is frozen. */
export function resolveOptions<T extends OptionTable>(table: T, sources: OptionSources): OptionsOf<T> {
  const resolved: Record<string, OptionValue | undefined> = {}
  for (const [name, option] of Object.entries(table)) {
    const flag = flagOf(name, option)
    const variable = environmentOf(name, option)
    const byFlag = flag === undefined ? undefined : sources.flags?.[flag]
    const byVariable = sources.variables?.[variable]
    const byProfile = flag === undefined ? undefined : sources.profile?.[flag]
    if (byFlag !== undefined) resolved[name] = parseOption(option, byFlag, `--${flag}`)
    // A variable that is set to nothing counts as not set.
    else if (byVariable !== undefined && byVariable !== '') {
      resolved[name] = parseOption(option, byVariable, variable)
    } else if (byProfile !== undefined)
      resolved[name] = parseOption(option, byProfile, `\`${flag}\` of the profile`)
    else resolved[name] = option.default ?? (option.type === 'boolean' ? false : undefined)
  }
  return Object.freeze(resolved) as OptionsOf<T>
}
