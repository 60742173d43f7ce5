import type { CommandContext } from '../commands/command.js'
import { globalOptions } from '../config/options.js'

/** Whoever writes into a pipe may think for long: that is no reason to give up. */
const inputPatienceMs = 60 * 60 * 1000

/** Time without progress that a body from standard input may take, milliseconds. */
export function inputTimeoutMs(context: CommandContext): number {
  return chosenTimeoutMs(context) ?? inputPatienceMs
}

/** The timeout that the user chose; undefined (the usual one) leaves it to the call. */
export function chosenTimeoutMs({ settings }: CommandContext): number | undefined {
  return settings.timeout === globalOptions.timeout.default ? undefined : settings.timeout
}
