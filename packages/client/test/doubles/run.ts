import { systemClock, systemEnvironment } from '@torc/protocol/environment/system'
import { runCli } from '../../src/cli/run-cli.js'
import type { Command } from '../../src/commands/command.js'
import { MemoryStore } from './memory-store.js'
import { TestIo, type TestIoOptions } from './test-io.js'

export interface Ran {
  readonly code: number
  readonly io: TestIo
  readonly out: string
  readonly err: string
  readonly store: MemoryStore
}

export interface RunOptions extends TestIoOptions {
  readonly store?: MemoryStore
  readonly io?: TestIo
  readonly extraCommands?: readonly Command[]
  /** A folder that holds nothing that could change the outcome. */
  readonly config?: string
}

/** Runs a command line against a store in memory. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const store = options.store ?? new MemoryStore()
  const variables = { TORC_CONFIG_DIR: options.config ?? '/nonexistent/torc', ...options.variables }
  const io = options.io ?? new TestIo({ ...options, variables })
  const extraCommands = options.extraCommands ?? []
  // Spans such as `10m` end at the store's time.
  const clock = { ...systemClock, nowMs: () => store.nowMs }
  const environment = { ...systemEnvironment, clock }
  const connect = async (): Promise<MemoryStore> => store
  const code = await runCli(argv, io, { version: '1.2.3', extraCommands, environment, connect })
  return { code, io, out: io.stdout.text, err: io.stderr.text, store }
}

/** A store with some objects. */
export async function filled(objects: Readonly<Record<string, string>>): Promise<MemoryStore> {
  const store = new MemoryStore()
  for (const [name, text] of Object.entries(objects)) {
    const slash = name.indexOf('/')
    const bucket = name.slice(0, slash)
    if (!store.held.has(bucket)) await store.createBucket(bucket)
    await store.put(bucket, name.slice(slash + 1), text)
  }
  store.calls.length = 0
  return store
}
