import { readFileSync } from 'node:fs'
import { processIo } from '../output/io.js'
import { runCli } from './run-cli.js'

/** The `torc-client` program: the client's commands only. */
const packageFile = new URL('../../../package.json', import.meta.url)
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }

const code = await runCli(process.argv.slice(2), processIo(), { program: 'torc-client', version })
// Standard input may still be open, and would keep the process.
process.stdout.write('', () => process.exit(code))
