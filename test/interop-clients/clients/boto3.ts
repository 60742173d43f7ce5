import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Gateway, Installed, RealClient } from '../client.js'
import { mustRun } from '../day/command.js'
import { type Day, expectMatch } from '../day/day.js'
import { debianProgram } from '../tools/debian.js'
import { pythonWith } from '../tools/python.js'
import { runSteps, stepVariables } from './python-steps.js'

const example = fileURLToPath(new URL('../../../../examples/s3_boto3.py', import.meta.url))
const script = fileURLToPath(new URL('../../../interop-clients/clients/boto3_day.py', import.meta.url))
/** What Debian 12 has. It sends no checksum that nobody asked for, and MD5 for DeleteObjects. */
const debianVersion = '1.26.27'

async function installed(python: string, note?: string): Promise<Installed> {
  const { stdout } = await mustRun(python, ['-c', 'import boto3; print(boto3.__version__)'])
  return { program: python, version: stdout.toString().trim(), ...(note === undefined ? {} : { note }) }
}

async function installDebian(tools: string): Promise<Installed> {
  const python = '/usr/bin/python3'
  try {
    await debianProgram('/usr/lib/python3/dist-packages/boto3/__init__.py', 'python3-boto3')
    if (existsSync(python)) return await installed(python, "Debian's")
  } catch {
    // The same release by pip is the same code; the report says which one it was.
  }
  const own = await pythonWith(tools, 'boto3-debian', [`boto3==${debianVersion}`])
  return await installed(own.python, "by pip, in place of Debian's")
}

async function work(
  day: Day,
  gateway: Gateway,
  python: string,
  folder: string,
  bucket: string,
): Promise<void> {
  const { material } = gateway
  const variables = stepVariables(gateway, folder, bucket)
  await runSteps(day, python, script, variables)
  await day.step('the example of the documentation', async () => {
    const known = { HOME: folder, TORC_S3: gateway.s3, TORC_CREDENTIALS: gateway.cluster.credentials }
    const ran = await mustRun(python, [example, material.medium.path], { variables: known })
    expectMatch(ran.stdout.toString(), /^stored .*\n.*\nread \d+ bytes back\n.*\ndeleted /s, 'what it says')
  })
}

/** Sends CRC32 with everything, behind the body where it can. */
export const boto3: RealClient = {
  name: 'boto3',
  install: async tools => installed((await pythonWith(tools, 'boto3', ['boto3'])).python),
  work: (day, gateway, python, folder) => work(day, gateway, python, folder, 'boto3'),
}

export const boto3Debian: RealClient = {
  name: 'boto3-debian',
  install: installDebian,
  work: (day, gateway, python, folder) => work(day, gateway, python, folder, 'boto3-debian'),
}
