import { existsSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { runCommand } from '../day/command.js'

/**
 * Finds a program that a Debian package brings, and installs the package where it is missing and this user may.
 * Rejects with the reason where neither works.
 */
export async function debianProgram(path: string, packageName: string): Promise<string> {
  if (existsSync(path)) return path
  if (process.getuid?.() !== 0)
    throw new Error(`${path} is missing, and only root may install ${packageName}`)
  if (!existsSync('/usr/bin/apt-get')) throw new Error(`${path} is missing, and there is no apt-get`)
  const variables = { DEBIAN_FRONTEND: 'noninteractive' }
  await runCommand('apt-get', ['update'], { variables })
  const args = ['install', '-y', '--no-install-recommends', packageName]
  const result = await runCommand('apt-get', args, { variables, timeoutMs: 600_000 })
  if (!existsSync(path))
    throw new Error(`apt-get could not install ${packageName}: ${lastLine(result.stderr)}`)
  return path
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}

/** The same, where a program of that name anywhere in the search path does as well. */
export async function programOf(path: string, packageName: string): Promise<string> {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const elsewhere = folders.map(folder => join(folder, basename(path))).find(one => existsSync(one))
  return existsSync(path) || elsewhere === undefined ? await debianProgram(path, packageName) : elsewhere
}
