import { existsSync } from 'node:fs'
import { runCommand } from '../day/command.js'

/** The first of these programs that is there. */
export function firstProgram(paths: readonly string[]): string | undefined {
  return paths.find(path => existsSync(path))
}

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
