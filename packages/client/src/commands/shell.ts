import { TorcError } from '@torc/protocol/errors'
import { runShell } from '../repl/run-shell.js'
import { defineCommand } from './command.js'

export const shell = defineCommand({
  name: 'shell',
  describe: 'Type commands at a prompt, or run a script of them',
  usage: ['', '-c COMMANDS', '-f FILE'],
  only: 'cli',
  arguments: {},
  options: {
    commands: {
      type: 'text',
      flag: 'c',
      environment: 'TORC_SHELL_COMMANDS',
      value: 'COMMANDS',
      doc: 'Run these and leave',
    },
    file: {
      type: 'path',
      flag: 'f',
      environment: 'TORC_SHELL_FILE',
      value: 'FILE',
      doc: 'Run the commands of a file and leave',
    },
  },
  examples: [
    { line: 'shell', does: 'opens the shell' },
    {
      line: "shell -c 'mb photos; put photos/a a.jpg'",
      does: 'runs two commands; stops at the first failure',
    },
  ],
  async run(context) {
    const { commands, file } = context.options
    if (commands !== undefined && file !== undefined)
      throw new TorcError('CONFIG', 'shell takes -c or -f, not both')
    return runShell(context, { commands, file })
  },
})
