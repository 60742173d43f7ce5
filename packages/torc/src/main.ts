import { readFileSync } from 'node:fs'
import { runCli } from '@torc/client/cli/run-cli'
import { processIo } from '@torc/client/output/io'
import { torcCommands } from './commands/torc-commands.js'

/** Runs the `torc` program and ends the process with its exit status. */
export async function main(argv: readonly string[]): Promise<never> {
  const packageFile = new URL('../../package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }
  const code = await runCli(argv, processIo(), {
    program: 'torc',
    version,
    extraCommands: torcCommands,
  })
  // Standard input may still be open, and would keep the process; what is written so far must still leave.
  return await new Promise<never>(() => {
    process.stdout.write('', () => process.exit(code))
  })
}
