import type { ArgumentKind, Command } from '../commands/command.js'
import { flagOf, type OptionTable, takesValue } from '../config/option.js'
import { type Location, resolveName } from './location.js'

/** What completion can ask for. Each may be slow or fail: the caller bounds the time. */
export interface CompletionSources {
  readonly commands: readonly Command[]
  readonly globals: OptionTable
  readonly location: Location
  buckets(): Promise<readonly string[]>
  /** Ids and names of the access keys. */
  accessKeys(): Promise<readonly string[]>
  /** Folders (ending in `/`) and keys of a bucket that begin with `prefix`, one level deep. */
  keys(bucket: string, prefix: string): Promise<readonly string[]>
  /** Local paths that begin with `partial`; directories end in `/`. */
  files(partial: string, directoriesOnly: boolean): Promise<readonly string[]>
}

/** Candidates for the word that is being typed, after the words before it. Each begins with `current`. */
export async function complete(
  words: readonly string[],
  current: string,
  sources: CompletionSources,
): Promise<readonly string[]> {
  const command = commandOf(words, sources.commands)
  if (command === undefined) return commandWords(words, current, sources.commands)
  const depth = command.name.split(' ').length
  const given = words.slice(depth)
  if (current.startsWith('-')) return optionWords(command, given, current, sources.globals)
  const names = await candidates(command, given, current, sources)
  // `uploads` takes names, and `uploads abort` begins like it.
  return given.length > 0 ? names : [...commandWords(words, current, sources.commands), ...names]
}

function commandOf(words: readonly string[], commands: readonly Command[]): Command | undefined {
  const depth = ({ name }: Command): number => name.split(' ').length
  return commands
    .filter(({ name }) => name.split(' ').every((part, index) => part === words[index]))
    .sort((a, b) => depth(b) - depth(a))[0]
}

function commandWords(words: readonly string[], current: string, commands: readonly Command[]): string[] {
  const next = new Set<string>()
  for (const { name, hidden } of commands) {
    const parts = name.split(' ')
    const word = parts[words.length]
    const follows = words.every((given, index) => given === parts[index])
    if (hidden !== true && follows && word?.startsWith(current)) next.add(word)
  }
  return [...next].sort()
}

function optionWords(
  command: Command,
  given: readonly string[],
  current: string,
  globals: OptionTable,
): string[] {
  const flags: string[] = []
  for (const [name, option] of [...Object.entries(command.options), ...Object.entries(globals)]) {
    const flag = flagOf(name, option)
    if (flag !== undefined) flags.push(flag.length === 1 ? `-${flag}` : `--${flag}`)
    if (option.type === 'switch') flags.push(`--no-${flag}`)
  }
  return [...flags, '--help'].filter(flag => flag.startsWith(current) && !given.includes(flag)).sort()
}

/** Words that are arguments: not options, nor the values of options. */
function argumentsAmong(
  command: Command,
  given: readonly string[],
  globals: OptionTable,
): { count: number; pending: boolean } {
  const valued = new Set<string>()
  for (const [name, option] of [...Object.entries(command.options), ...Object.entries(globals)]) {
    const flag = flagOf(name, option)
    if (flag !== undefined && takesValue(option)) valued.add(flag.length === 1 ? `-${flag}` : `--${flag}`)
  }
  let count = 0
  let pending = false
  for (const word of given) {
    if (pending) pending = false
    else if (word.startsWith('-') && word !== '-') pending = valued.has(word)
    else count++
  }
  return { count, pending }
}

async function candidates(
  command: Command,
  given: readonly string[],
  current: string,
  sources: CompletionSources,
): Promise<readonly string[]> {
  const { count, pending } = argumentsAmong(command, given, sources.globals)
  // The value of an option: only paths can be guessed.
  if (pending) return sources.files(current, false)
  const argument = Object.values(command.arguments)[count]
  if (argument === undefined) return []
  const words = argument.choices ?? argument.suggestions
  if (words !== undefined) return words.filter(word => word.startsWith(current))
  const kind: ArgumentKind = given.includes('--recursive')
    ? (argument.recursiveKind ?? argument.kind)
    : argument.kind
  switch (kind) {
    case 'file':
      return sources.files(current, false)
    case 'directory':
      return sources.files(current, true)
    case 'bucket':
      return (await sources.buckets()).filter(bucket => bucket.startsWith(current))
    case 'access-key':
      return (await sources.accessKeys()).filter(word => word.startsWith(current))
    case 'word':
      return []
    default:
      return remoteNames(current, sources)
  }
}

/** Buckets, or folders and keys, written as the word that is being typed writes them. */
async function remoteNames(current: string, sources: CompletionSources): Promise<readonly string[]> {
  const full = resolveName(sources.location, current)
  const slash = full.indexOf('/')
  if (slash < 0) {
    const written = current.slice(0, current.length - full.length)
    return (await sources.buckets()).filter(name => name.startsWith(full)).map(name => `${written}${name}/`)
  }
  const prefix = full.slice(slash + 1)
  const names = await sources.keys(full.slice(0, slash), prefix)
  const last = current.slice(current.lastIndexOf('/') + 1)
  const written = current.slice(0, current.length - last.length)
  const skipped = prefix.length - last.length
  return names.filter(name => name.startsWith(prefix)).map(name => written + name.slice(skipped))
}
