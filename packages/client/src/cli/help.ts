import { type ArgumentTable, type Command, usageOf } from '../commands/command.js'
import {
  environmentOf,
  flagOf,
  type OptionDescriptor,
  type OptionTable,
  takesValue,
} from '../config/option.js'

export interface HelpGrammar {
  /** Name in usage lines; empty in the REPL. */
  readonly program: string
  readonly commands: readonly Command[]
  readonly globals: OptionTable
  /** Columns of the terminal. */
  readonly width: number
}

type Row = readonly [left: string, right: string]

const indent = '  '
const gap = '  '
const leftMax = 48

/** A command line as a user of this program types it. */
export function typed(program: string, rest: string): string {
  return program === '' ? rest : `${program} ${rest}`
}

/** All commands and the options that each of them takes. */
export function overviewHelp({ program, commands, globals, width }: HelpGrammar): string {
  const rows = commands
    .filter(({ hidden }) => hidden !== true)
    .map(command => [usageOf(command)[0] ?? command.name, command.describe] as const)
  return [
    `Usage: ${typed(program, 'COMMAND [ARGUMENTS] [OPTIONS]')}`,
    section('Commands', rows, width),
    section('Options of every command', optionRows(globals), width),
    `Help on one command: ${typed(program, 'COMMAND --help')}`,
  ].join('\n\n')
}

/** What one command does, with its arguments, options and examples. */
export function commandHelp(command: Command, { program, globals, width }: HelpGrammar): string {
  const usages = usageOf(command).map(usage => typed(program, `${usage} [OPTIONS]`))
  const examples = command.examples.map(({ line, does }) => [typed(program, line), does] as const)
  const flags = Object.entries(globals).flatMap(([name, option]) => shownFlag(name, option) ?? [])
  const others = flags.length === 0 ? '' : `Options of every command: ${flags.join(' ')}`
  return [
    `Usage: ${usages.join(`\n       `)}`,
    wrap(`${command.describe}.`, width, '').join('\n'),
    section('Arguments', argumentRows(command.arguments), width),
    section('Options', [...optionRows(command.options), ['-h, --help', 'Show this help']], width),
    section('Examples', examples, width),
    wrap(others, width, indent).join('\n'),
  ]
    .filter(part => part !== '')
    .join('\n\n')
}

/** The commands of a group such as `layout`. */
export function groupHelp(
  group: string,
  commands: readonly Command[],
  { program, width }: HelpGrammar,
): string {
  const rows = commands.map(command => [usageOf(command)[0] ?? command.name, command.describe] as const)
  return [`Usage: ${typed(program, `${group} COMMAND`)}`, section('Commands', rows, width)].join('\n\n')
}

function argumentRows(table: ArgumentTable): Row[] {
  return Object.values(table).map(({ label, doc }) => [label, doc])
}

function optionRows(table: OptionTable): Row[] {
  return Object.entries(table).map(([name, option]): Row => {
    const flag = shownFlag(name, option)
    const variable = environmentOf(name, option)
    if (flag === undefined) return [`(${variable})`, `${option.doc}; by environment only`]
    const value = takesValue(option) ? ` ${option.value ?? 'VALUE'}` : ''
    return [`${flag}${value}`, `${option.doc}${facts(option)} [$${variable}]`]
  })
}

/** How an option is written; one that is on by default, to turn it off. */
function shownFlag(name: string, option: OptionDescriptor): string | undefined {
  const flag = flagOf(name, option)
  if (flag === undefined) return undefined
  if (option.type === 'switch') return `--${flag}, --no-${flag}`
  return option.default === true ? `--no-${flag}` : dashed(flag)
}

/** Unit, choices and default, as far as there are any. */
function facts(option: OptionDescriptor): string {
  const known = [
    option.unit === undefined ? '' : `unit: ${option.unit}`,
    option.choices === undefined ? '' : option.choices.join(', '),
    defaultText(option),
  ].filter(fact => fact !== '')
  return known.length === 0 ? '' : ` (${known.join('; ')})`
}

function defaultText(option: OptionDescriptor): string {
  const { default: value, type } = option
  if (value === undefined || type === 'boolean' || type === 'switch') return ''
  if (type === 'duration') return `default ${Number(value) / 1000} s`
  return `default ${Array.isArray(value) ? value.join(',') : String(value)}`
}

export function dashed(flag: string): string {
  return flag.length === 1 ? `-${flag}` : `--${flag}`
}

function section(title: string, rows: readonly Row[], width: number): string {
  if (rows.length === 0) return ''
  const column = Math.min(leftMax, Math.max(...rows.map(([left]) => left.length)))
  const lines = rows.flatMap(([left, right]) => {
    const hanging = ' '.repeat(indent.length + column + gap.length)
    const [first = '', ...more] = wrap(right, width, hanging)
    // A long left side gets a line of its own.
    if (left.length > column) return [`${indent}${left}`, hanging + first.trimStart(), ...more]
    return [`${indent}${left.padEnd(column)}${gap}${first.trimStart()}`, ...more]
  })
  return [`${title}:`, ...lines].join('\n')
}

/** Lines of at most `width` columns; all but the first begin with `hanging`, which the first has room for. */
function wrap(text: string, width: number, hanging: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && hanging.length + longer.length > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  lines.push(line)
  return lines.map((each, index) => (index === 0 ? each : hanging + each))
}
