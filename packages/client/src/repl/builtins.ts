import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { TorcError } from '@torc/protocol/errors'
import { type Command, defineCommand } from '../commands/command.js'
import { parseBucket } from '../commands/target.js'
import { fileError } from '../files/file-errors.js'
import { changeLocation, type Location, locationText, top } from './location.js'

/** What the shell's own commands change. */
export interface ShellState {
  location: Location
  directory: string
  leaving: boolean
  /** Text of `help` for a command, or for all. */
  help(words: readonly string[]): Promise<string>
}

/** Commands that only the shell has. */
export function builtins(state: ShellState): readonly Command[] {
  return [help(state), cd(state), pwd(state), lcd(state), leave(state, 'exit'), leave(state, 'quit')]
}

const help = (state: ShellState): Command =>
  defineCommand({
    name: 'help',
    describe: 'Show the commands, or what one of them does',
    arguments: { command: { label: 'COMMAND', kind: 'word', required: false, doc: 'Command to explain' } },
    takesRest: true,
    only: 'shell',
    options: {},
    examples: [{ line: 'help put', does: 'explains put' }],
    async run({ arguments: { command }, rest, output }) {
      output.line(await state.help(command === undefined ? [] : [command, ...rest]))
      return 0
    },
  })

const cd = (state: ShellState): Command =>
  defineCommand({
    name: 'cd',
    describe: 'Go to a bucket or a folder in it; to the top without one',
    // Resolved here: `..` and `/` mean something only to cd.
    arguments: { place: { label: 'BUCKET[/PREFIX]', kind: 'prefix', required: false, doc: 'Where to go' } },
    only: 'shell',
    options: {},
    examples: [
      { line: 'cd photos/2026', does: 'names are now relative to photos/2026/' },
      { line: 'cd ..', does: 'goes one up' },
    ],
    async run({ arguments: { place }, signal, ...context }) {
      // The shell has resolved the place already: it is a full name.
      const location = place === undefined ? top : changeLocation(top, place)
      if (location.bucket !== '')
        await (await context.store()).headBucket(parseBucket(location.bucket), { signal })
      state.location = location
      return 0
    },
  })

const pwd = (state: ShellState): Command =>
  defineCommand({
    name: 'pwd',
    describe: 'Show where the shell is, in the store and on this machine',
    arguments: {},
    only: 'shell',
    options: {},
    examples: [],
    async run({ output }) {
      const { location, directory } = state
      if (output.json) output.record({ remote: locationText(location), local: directory })
      else
        output.fields([
          ['remote', locationText(location)],
          ['local', directory],
        ])
      return 0
    },
  })

const lcd = (state: ShellState): Command =>
  defineCommand({
    name: 'lcd',
    describe: 'Change the local directory',
    arguments: {
      directory: { label: 'DIR', kind: 'directory', required: false, doc: 'Home directory when absent' },
    },
    only: 'shell',
    options: {},
    examples: [{ line: 'lcd ~/pictures', does: 'local names are now relative to it' }],
    async run({ arguments: { directory = '~' } }) {
      const path = resolve(state.directory, directory.replace(/^~(?=\/|$)/, homedir()))
      let isDirectory: boolean
      try {
        isDirectory = statSync(path).isDirectory()
      } catch (error) {
        throw fileError(error, path)
      }
      if (!isDirectory) throw new TorcError('BAD_REQUEST', `${path} is not a directory`)
      state.directory = path
      return 0
    },
  })

const leave = (state: ShellState, name: string): Command =>
  defineCommand({
    name,
    describe: 'Leave the shell',
    arguments: {},
    only: 'shell',
    hidden: name === 'quit',
    options: {},
    examples: [],
    async run() {
      state.leaving = true
      return 0
    },
  })
