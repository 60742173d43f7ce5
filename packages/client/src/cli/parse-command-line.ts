import { TorcError } from '@torc/protocol/errors'
import yargs, { type Argv, type Options } from 'yargs'
import { type Command, usageOf } from '../commands/command.js'
import { flagOf, type OptionTable, type RawValue, takesValue } from '../config/option.js'
import { commandHelp, dashed, groupHelp, type HelpGrammar, overviewHelp, typed } from './help.js'
import { nearest } from './nearest.js'

export type ParsedLine =
  | { readonly kind: 'help'; readonly text: string }
  | {
      readonly kind: 'run'
      readonly command: Command
      readonly arguments: Readonly<Record<string, string | undefined>>
      readonly rest: readonly string[]
      /** Given options as they were written, by flag. */
      readonly flags: Readonly<Record<string, RawValue | undefined>>
    }

export interface Grammar extends HelpGrammar {
  /** Shown by `--version`; absent: no such option. */
  readonly version?: string
}

// Ids and keys look like numbers at times: nothing is ever read as one, and nothing is renamed.
const plainParsing = {
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'greedy-arrays': false,
  'camel-case-expansion': false,
  'dot-notation': false,
}

/** Makes sense of a command's words. Usage errors are CONFIG (exit status 2). */
export async function parseCommandLine(words: readonly string[], grammar: Grammar): Promise<ParsedLine> {
  let choice: Choice | undefined
  try {
    const parser = parserFor(grammar, chosen => {
      choice = chosen
    })
    // With a callback yargs prints nothing and leaves the process alone.
    await parser.parseAsync([...words], {}, () => {})
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error), words, grammar)
  }
  if (choice === undefined) throw unknownCommand(words, grammar)
  const { command, argv } = choice
  if (argv.version === true && grammar.version !== undefined) return { kind: 'help', text: grammar.version }
  if (argv.help === true) return { kind: 'help', text: helpFor(choice, grammar) }
  if (command === undefined) throw unknownCommand(words, grammar)
  return bind(command, argv, grammar)
}

/** What yargs made of the words: a command, a group of them without one, or neither. */
interface Choice {
  readonly argv: Readonly<Record<string, unknown>>
  readonly command?: Command
  readonly group?: string
}

function helpFor({ command, group }: Choice, grammar: Grammar): string {
  if (command !== undefined) return commandHelp(command, grammar)
  if (group === undefined) return overviewHelp(grammar)
  return groupHelp(group, groupsOf(grammar.commands).get(group) ?? [], grammar)
}

function parserFor(grammar: Grammar, choose: (choice: Choice) => void): Argv {
  const parser = yargs()
    .exitProcess(false)
    .fail(false)
    .strictOptions()
    .locale('en')
    .parserConfiguration(plainParsing)
    // Helps come from our own tables, see help.ts.
    .help(false)
    .version(false)
    .options(yargsOptions(grammar.globals))
    .options({ help: { type: 'boolean', alias: 'h' }, version: { type: 'boolean' } })
    .command('$0', false, {}, argv => choose({ argv }))
  for (const [group, commands] of groupsOf(grammar.commands)) {
    // A group's word may be a command itself (`uploads`), beside those that begin with it (`uploads abort`).
    const lead = commands.find(({ name }) => name === group)
    const build = (inner: Argv): Argv => {
      for (const command of commands)
        if (command !== lead) addCommand(inner, command, command.name.slice(group.length + 1), choose)
      return lead === undefined ? inner : inner.options(yargsOptions(lead.options, false))
    }
    parser.command(group, '', build, argv =>
      choose(lead === undefined ? { argv, group } : { argv, command: lead }),
    )
  }
  return parser
}

function addCommand(parser: Argv, command: Command, word: string, choose: (choice: Choice) => void): void {
  const build = (inner: Argv): Argv => inner.options(yargsOptions(command.options))
  parser.command(word, '', build, argv => choose({ argv, command }))
}

/** Commands by their first word, in order. */
function groupsOf(commands: readonly Command[]): Map<string, Command[]> {
  const groups = new Map<string, Command[]>()
  for (const command of commands) {
    const [first = ''] = command.name.split(' ')
    const group = groups.get(first)
    if (group === undefined) groups.set(first, [command])
    else group.push(command)
  }
  return groups
}

/** `inherited`: commands that begin with this one's name take its options too. */
function yargsOptions(table: OptionTable, inherited = true): Record<string, Options> {
  const options: Record<string, Options> = {}
  for (const [name, option] of Object.entries(table)) {
    const flag = flagOf(name, option)
    if (flag === undefined) continue
    if (!takesValue(option)) options[flag] = { type: 'boolean', global: inherited }
    else
      options[flag] = {
        type: 'string',
        requiresArg: true,
        global: inherited,
        ...(option.type === 'repeated' ? { array: true } : {}),
      }
  }
  return options
}

function bind(command: Command, argv: Readonly<Record<string, unknown>>, grammar: Grammar): ParsedLine {
  const depth = command.name.split(' ').length
  const words = (Array.isArray(argv._) ? argv._ : []).slice(depth).map(String)
  const descriptors = Object.entries(command.arguments)
  const bound: Record<string, string | undefined> = {}
  descriptors.forEach(([name, { required, label, choices }], index) => {
    const word = words[index]
    if (required && (word === undefined || word === '')) throw misuse(`${label} is missing`, command, grammar)
    if (word !== undefined && choices !== undefined && !choices.includes(word)) {
      throw misuse(
        `${label} must be one of ${choices.join(', ')}, not ${JSON.stringify(word)}`,
        command,
        grammar,
      )
    }
    bound[name] = word
  })
  const rest = words.slice(descriptors.length)
  const [extra] = rest
  if (extra !== undefined && command.takesRest !== true) {
    throw misuse(`${JSON.stringify(extra)} is one argument too many`, command, grammar)
  }
  const flags: Record<string, RawValue | undefined> = {}
  for (const [name, option] of [...Object.entries(grammar.globals), ...Object.entries(command.options)]) {
    const flag = flagOf(name, option)
    if (flag !== undefined) flags[flag] = argv[flag] as RawValue | undefined
  }
  return { kind: 'run', command, arguments: bound, rest, flags }
}

function misuse(message: string, command: Command, { program }: Grammar): TorcError {
  return new TorcError('CONFIG', `${command.name}: ${message}`, {
    hint: `Usage: ${usageOf(command)
      .map(usage => typed(program, usage))
      .join(' | ')}`,
  })
}

function usageError(message: string, words: readonly string[], { program, commands }: Grammar): TorcError {
  const unknown = /^Unknown arguments?: (.*)$/.exec(message)?.[1]?.split(', ').map(dashed)
  const valueless = /^Not enough arguments following: (.*)$/.exec(message)?.[1]
  let said = message
  if (unknown !== undefined) said = `unknown option ${unknown.join(', ')}`
  else if (valueless !== undefined) said = `${dashed(valueless)} needs a value`
  const named =
    commands.find(({ name }) => name === words.slice(0, 2).join(' ')) ??
    commands.find(({ name }) => name === words[0])
  return new TorcError('CONFIG', said, { hint: helpHint(program, named?.name) })
}

/** Where to read on; the REPL has a command for it. */
function helpHint(program: string, command?: string): string {
  const words = program === '' ? ['help', command] : [program, command, '--help']
  return `See \`${words.filter(word => word !== undefined).join(' ')}\`.`
}

function unknownCommand(words: readonly string[], { program, commands }: Grammar): TorcError {
  const shown = commands.filter(({ hidden }) => hidden !== true).map(({ name }) => name)
  const given = words.filter(word => !word.startsWith('-'))
  const [first] = given
  if (first === undefined) {
    return new TorcError('CONFIG', 'no command is named', { hint: helpHint(program) })
  }
  const siblings = shown.filter(name => name.startsWith(`${first} `))
  if (siblings.length > 0) {
    return new TorcError('CONFIG', `${first}: name what to do`, {
      hint: `One of: ${siblings.map(name => typed(program, name)).join(', ')}`,
    })
  }
  const close = nearest(
    first,
    shown.flatMap(name => name.split(' ')[0] ?? []),
  )
  return new TorcError('CONFIG', `there is no command ${JSON.stringify(first)}`, {
    hint: close === undefined ? helpHint(program) : `Did you mean \`${typed(program, close)}\`?`,
  })
}
