import { awsVariables, type Gateway } from '../client.js'
import { runCommand } from '../day/command.js'
import type { Day, Step } from '../day/day.js'

const dayMs = 900_000

/** What a script of steps finds in its environment. */
export function stepVariables(gateway: Gateway, folder: string, bucket: string): Record<string, string> {
  const { material, listing } = gateway
  return {
    ...awsVariables(gateway, folder),
    ...{ TORC_S3: gateway.s3, BUCKET: bucket, FOLDER: folder, SMALL: material.small.path },
    ...{ MEDIUM: material.medium.path, LARGE: material.large.path, PYTHONDONTWRITEBYTECODE: '1' },
    ...{ LISTING: listing.bucket, KEYS: String(listing.keys) },
  }
}

/** Runs a Python script that prints its steps (`steps.py`), and takes them over. */
export async function runSteps(
  day: Day,
  python: string,
  script: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const { code, stdout, stderr } = await runCommand(python, [script], { variables, timeoutMs: dayMs })
  for (const line of stdout.toString().split('\n')) if (line !== '') day.record(JSON.parse(line) as Step)
  if (code !== 0) await day.step('the script runs to its end', () => Promise.reject(new Error(stderr)))
}
