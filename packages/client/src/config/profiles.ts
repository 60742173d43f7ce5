import { join } from 'node:path'
import { TorcError } from '@torc/protocol/errors'
import { configDirectory } from './directory.js'
import type { RawValue } from './option.js'
import { readJsonFile, writePrivateFile } from './private-file.js'
import type { Variables } from './resolve.js'

/** The profile that `torc up` writes and that is used when none is chosen. */
export const defaultProfile = 'local'

/** A profile holds any global option under its flag's name; secrets stay in the credentials file. */
export type Profile = Readonly<Record<string, RawValue | undefined>>

export function profilePath(name: string, variables?: Variables): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
    throw new TorcError('CONFIG', `${JSON.stringify(name)} is not a profile's name`, {
      hint: 'A name has letters, digits, ".", "_" and "-".',
    })
  }
  return join(configDirectory(variables), 'profiles', `${name}.json`)
}

/** Reads the chosen profile (CONFIG when it is missing), or `local` when none is chosen (empty when missing). */
export function readProfile(name: string | undefined, variables?: Variables): Profile {
  const path = profilePath(name ?? defaultProfile, variables)
  const content = readJsonFile(path, { ownerOnly: false })
  if (content !== undefined) return Object.freeze(content as Record<string, RawValue>)
  if (name === undefined) return {}
  throw new TorcError('CONFIG', `there is no profile ${name}`, {
    hint: `Profiles are files such as ${profilePath('NAME', variables)}; \`torc up\` writes the profile ${defaultProfile}.`,
  })
}

/** Writes a profile (mode 0600); `credentials` is the path of a credentials file. Returns the profile's path. */
export function writeProfile(
  name: string,
  profile: {
    readonly server: string
    readonly credentials?: string
    readonly s3?: string | undefined
  },
  variables?: Variables,
): string {
  const path = profilePath(name, variables)
  writePrivateFile(path, `${JSON.stringify(profile, undefined, 2)}\n`)
  return path
}
