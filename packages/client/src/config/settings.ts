import type { RawValue } from './option.js'
import { type GlobalOptions, globalOptions } from './options.js'
import { readProfile } from './profiles.js'
import { resolveOptions, type Variables } from './resolve.js'

/** The global options of one run: flags, environment and the chosen profile, parsed once and frozen. */
export function loadSettings(
  flags: Readonly<Record<string, RawValue | undefined>>,
  variables: Variables,
): GlobalOptions {
  // The profile is itself an option, and must be known before the rest.
  const { profile } = resolveOptions({ profile: globalOptions.profile }, { flags, variables })
  return resolveOptions(globalOptions, { flags, variables, profile: readProfile(profile, variables) })
}
