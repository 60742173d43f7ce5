import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from '../day/command.js'

/**
 * A Python of its own below `tools`, with packages as pip names them (`boto3`, `boto3==1.26.27`). Packages without a
 * version are brought up to date. Rejects where Python or the packages can't be had.
 */
export async function pythonWith(
  tools: string,
  name: string,
  packages: readonly string[],
): Promise<{ readonly python: string; readonly bin: string }> {
  const folder = join(tools, name)
  const bin = join(folder, 'bin')
  const python = join(bin, 'python')
  // pip finds its configuration by the person's own variables.
  const variables = Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) =>
      value === undefined || key.startsWith('TORC_') || key === 'NODE_OPTIONS' ? [] : [[key, value]],
    ),
  )
  if (!existsSync(python)) await mustRun('python3', ['-m', 'venv', folder], { variables })
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--upgrade', ...packages]
  await mustRun(python, args, { variables, timeoutMs: 600_000 })
  return { python, bin }
}
