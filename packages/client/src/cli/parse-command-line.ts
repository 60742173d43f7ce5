import { TorcError } from '@torc/protocol/errors'
import yargs, { type Argv, type Options } from 'yargs'
import { type Command, usageOf } from '../commands/command.js'
import {
  environmentOf,
  flagOf,
  type OptionDescriptor,
  type OptionTable,
  type RawValue,
} from '../config/option.js'
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

export interface Grammar {
  /** Name in usage lines; empty in the REPL. */
  readonly program: string
  readonly commands: readonly Command[]
  /** Options that every command takes. */
  readonly globals: OptionTable
  /** Shown by `--version`; absent: no such option. */
  readonly version?: string
  readonly width: number
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
  let chosen: { command: Command; argv: Record<string, unknown> } | undefined
  const choose = (command: Command, argv: Record<string, unknown>): void => {
    chosen = { command, argv }
  }
  let help = ''
  try {
    await parserFor(grammar, choose).parseAsync(
      [...words],
      {},
      (_error: unknown, _argv: unknown, output: string) => {
        help = output
      },
    )
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error), words, grammar)
  }
  if (help !== '') return { kind: 'help', text: help }
  if (chosen === undefined) throw unknownCommand(words, grammar)
  return bind(chosen.command, chosen.argv, grammar)
}

function parserFor(
  grammar: Grammar,
  choose: (command: Command, argv: Record<string, unknown>) => void,
): Argv {
  const { program, version, width } = grammar
  const parser = yargs()
    .scriptName(program)
    .usage(`Usage: ${line(program, 'COMMAND [ARGUMENTS] [OPTIONS]')}`)
    .exitProcess(false)
    .fail(false)
    .strictOptions()
    .wrap(width)
    .locale('en')
    .parserConfiguration(plainParsing)
    .help('help')
    .alias('help', 'h')
    .describe('help', 'Show what a command does')
    .options(yargsOptions(grammar.globals, 'Options of every command:'))
    .epilogue(`Help on one command: ${line(program, 'COMMAND --help')}`)
  if (version === undefined) parser.version(false)
  else parser.version(version)
  for (const [group, commands] of groupsOf(grammar.commands)) {
    const [only] = commands
    if (only !== undefined && only.name === group) addCommand(parser, only, group, program, choose)
    else {
      const does = commands.map(({ describe }) => describe.toLowerCase()).join('; ')
      parser.command(group, `${does.slice(0, 1).toUpperCase()}${does.slice(1)}`, inner => {
        inner.usage(`Usage: ${line(program, `${group} COMMAND`)}`)
        for (const command of commands) {
          addCommand(inner, command, command.name.slice(group.length + 1), program, choose)
        }
        return inner
      })
    }
  }
  return parser
}

function addCommand(
  parser: Argv,
  command: Command,
  word: string,
  program: string,
  choose: (command: Command, argv: Record<string, unknown>) => void,
): void {
  parser.command(
    word,
    // yargs hides a command whose description is `false`; its types know only strings here.
    (command.hidden === true ? false : command.describe) as string,
    inner => {
      const usages = usageOf(command).map(usage => line(program, `${usage} [OPTIONS]`))
      const rows = Object.values(command.arguments).map(({ label, doc }) => [label, doc] as const)
      const width = Math.max(0, ...rows.map(([label]) => label.length))
      const explained = rows.map(([label, doc]) => `  ${label.padEnd(width)}  ${doc}`)
      const about = explained.length === 0 ? '' : `\n\nArguments:\n${explained.join('\n')}`
      inner
        .usage(`Usage: ${usages.join('\n       ')}\n\n${command.describe}${about}`)
        .options(yargsOptions(command.options, 'Options:'))
        .epilogue('')
      for (const example of command.examples) inner.example(line(program, example.line), example.does)
      return inner
    },
    argv => choose(command, argv as Record<string, unknown>),
  )
}

const line = (program: string, rest: string): string => (program === '' ? rest : `${program} ${rest}`)

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

function yargsOptions(table: OptionTable, group: string): Record<string, Options> {
  const options: Record<string, Options> = {}
  for (const [name, option] of Object.entries(table)) {
    const flag = flagOf(name, option)
    if (flag !== undefined) options[flag] = { ...yargsOption(option, environmentOf(name, option)), group }
  }
  return options
}

function yargsOption(option: OptionDescriptor, variable: string): Options {
  const value = option.value === undefined ? '' : `${option.value}  `
  const unit = option.unit === undefined ? '' : `; ${option.unit}`
  const describe = `${value}${option.doc}${unit} [$${variable}]`
  if (option.type === 'boolean') return { type: 'boolean', describe }
  const choices = option.choices === undefined ? {} : { defaultDescription: option.choices.join(' ') }
  const many = option.type === 'repeated' ? { array: true } : {}
  return { type: 'string', requiresArg: true, describe, ...many, ...choices }
}

function bind(command: Command, argv: Record<string, unknown>, grammar: Grammar): ParsedLine {
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
      .map(usage => line(program, usage))
      .join(' | ')}`,
  })
}

function usageError(message: string, words: readonly string[], { program, commands }: Grammar): TorcError {
  const unknown = /^Unknown arguments?: (.*)$/.exec(message)?.[1]
  const said =
    unknown === undefined ? message : `unknown option ${unknown.split(', ').map(dashed).join(', ')}`
  const named = commands.find(({ name }) => name === words[0] || name === words.slice(0, 2).join(' '))
  const about = named === undefined ? '--help' : `${named.name} --help`
  return new TorcError('CONFIG', said, { hint: `See \`${line(program, about)}\`.` })
}

const dashed = (name: string): string => (name.length === 1 ? `-${name}` : `--${name}`)

function unknownCommand(words: readonly string[], { program, commands }: Grammar): TorcError {
  const shown = commands.filter(({ hidden }) => hidden !== true).map(({ name }) => name)
  const given = words.filter(word => !word.startsWith('-'))
  const [first] = given
  if (first === undefined) {
    return new TorcError('CONFIG', 'no command is named', { hint: `See \`${line(program, '--help')}\`.` })
  }
  const siblings = shown.filter(name => name.startsWith(`${first} `))
  if (siblings.length > 0) {
    return new TorcError('CONFIG', `${first}: name what to do`, {
      hint: `One of: ${siblings.map(name => line(program, name)).join(', ')}`,
    })
  }
  const close = nearest(
    first,
    shown.flatMap(name => name.split(' ')[0] ?? []),
  )
  return new TorcError('CONFIG', `there is no command ${JSON.stringify(first)}`, {
    hint:
      close === undefined
        ? `See \`${line(program, '--help')}\`.`
        : `Did you mean \`${line(program, close)}\`?`,
  })
}
