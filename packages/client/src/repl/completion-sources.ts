import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, resolve } from 'node:path'
import type { Command, CommandContext } from '../commands/command.js'
import { globalOptions } from '../config/options.js'
import { Deadline } from '../connection/deadline.js'
import type { CompletionSources } from './completer.js'
import type { Location } from './location.js'

/** A completion that takes longer is not worth the wait. */
const patienceMs = 1_000
const candidatesMax = 200

/** Completion from the server and the local directory; what is slow or fails has no candidates. */
export function completionSources(
  context: CommandContext,
  commands: readonly Command[],
  location: Location,
  directory: string,
): CompletionSources {
  const bounded = async (
    ask: (signal: AbortSignal) => Promise<readonly string[]>,
  ): Promise<readonly string[]> => {
    const stop = new AbortController()
    try {
      return await new Deadline(context.environment.clock, patienceMs).wait(ask(stop.signal))
    } catch {
      // Whoever presses TAB wants candidates or nothing; the command itself will tell what is wrong.
      return []
    } finally {
      stop.abort()
    }
  }
  return {
    commands,
    globals: globalOptions,
    location,
    buckets: () =>
      bounded(async signal => {
        const buckets = await (await context.store()).buckets({ signal, timeoutMs: patienceMs })
        return buckets.map(({ bucket }) => bucket)
      }),
    accessKeys: () =>
      bounded(async signal => {
        const keys = await (await context.store()).keys.list({ signal, timeoutMs: patienceMs })
        return keys.flatMap(({ accessKey, name }) => (name === '' ? [accessKey] : [accessKey, name]))
      }),
    keys: (bucket, prefix) =>
      bounded(async signal => {
        const names: string[] = []
        const store = await context.store()
        const wanted = { prefix, delimiter: '/', limit: candidatesMax, signal, timeoutMs: patienceMs }
        for await (const entry of store.list(bucket, wanted))
          names.push('prefix' in entry ? entry.prefix : entry.key)
        return names
      }),
    files: (partial, directoriesOnly) => bounded(() => localNames(directory, partial, directoriesOnly)),
  }
}

async function localNames(
  directory: string,
  partial: string,
  directoriesOnly: boolean,
): Promise<readonly string[]> {
  const path = resolve(directory, partial.replace(/^~(?=\/)/, homedir()))
  const whole = partial === '' || partial.endsWith('/')
  const begun = whole ? '' : basename(partial)
  const written = partial.slice(0, partial.length - begun.length)
  const entries = await readdir(whole ? path : dirname(path), { withFileTypes: true })
  return entries
    .filter(({ name }) => name.startsWith(begun) && (begun.startsWith('.') || !name.startsWith('.')))
    .filter(entry => !directoriesOnly || entry.isDirectory())
    .map(entry => `${written}${entry.name}${entry.isDirectory() ? '/' : ''}`)
    .slice(0, candidatesMax)
}
