import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { NamedProcess } from '../measure/side.js'
import { childEnvironment } from '../processes/child-environment.js'

/** What `bin/torc` runs once everything is built, as it is here. */
const torcEntry = fileURLToPath(import.meta.resolve('torc/entry'))
const readyMs = 60_000
const stopMs = 15_000

/** The fields of the ready line (docs: INTERFACE, `up`) that a benchmark needs. */
interface ReadyLine {
  readonly event: 'ready'
  readonly server: string
  readonly serverPid: number
  readonly agents: readonly { readonly id: string; readonly pid: number }[]
  readonly credentials: string
  readonly s3: string
}

/** A cluster of real processes, started the way a user starts one. */
export interface Cluster {
  readonly server: string
  /** Path of the credentials file. */
  readonly credentials: string
  /** `http://host:port` of the S3 face, which the server's own process serves. */
  readonly s3: string
  readonly processes: readonly NamedProcess[]
  stop(): Promise<void>
}

/** Starts `torc up` on free ports with its data and its configuration under `directory`. */
export async function startCluster(directory: string, agents: number): Promise<Cluster> {
  mkdirSync(directory, { recursive: true })
  const errorFile = join(directory, 'up.stderr')
  const errors = openSync(errorFile, 'w')
  const child = spawn(
    process.execPath,
    [torcEntry, 'up', '--json', '--port', '0', '--agents', String(agents), '--data', join(directory, 'data')],
    {
      stdio: ['ignore', 'pipe', errors],
      // Its profile must not replace the user's own.
      env: { ...childEnvironment(), TORC_CONFIG_DIR: join(directory, 'config') },
    },
  )
  try {
    const ready = await readyLine(child, errorFile)
    return {
      server: ready.server,
      credentials: ready.credentials,
      s3: ready.s3,
      processes: [
        { name: 'server', pid: ready.serverPid },
        ...ready.agents.map(({ pid }, index) => ({ name: `agent-${index + 1}`, pid })),
      ],
      stop: () => stop(child),
    }
  } catch (error) {
    await stop(child)
    throw error
  }
}

function readyLine(child: ChildProcess, errorFile: string): Promise<ReadyLine> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer)
      reject(new Error(`torc up ${why}: ${readFileSync(errorFile, 'utf8').slice(-2000)}`))
    }
    const timer = setTimeout(() => fail(`was not ready after ${readyMs} ms`), readyMs)
    child.once('exit', (code, signal) => fail(`ended (${signal ?? code}) before it was ready`))
    child.once('error', error => fail(`did not start (${error.message})`))
    if (child.stdout === null) return fail('has no output')
    // All lines are read, also those after the first, so that the pipe never fills.
    createInterface({ input: child.stdout }).on('line', line => {
      const event = JSON.parse(line) as { event: string }
      if (event.event !== 'ready') return
      clearTimeout(timer)
      resolve(event as ReadyLine)
    })
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const exited = once(child, 'exit')
  child.kill('SIGINT')
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMs)
  await exited
  clearTimeout(timer)
}
