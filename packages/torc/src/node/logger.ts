import { pino } from 'pino'
import { PinoPretty } from 'pino-pretty'

export interface LoggerOptions {
  readonly level: string
  /** Name of the process in every line. */
  readonly name: string
  /** Descriptor to write to: 1, or 2 where standard output belongs to something else. */
  readonly descriptor: 1 | 2
  /** For people at a terminal; JSON lines otherwise. */
  readonly pretty: boolean
}

export type Logger = ReturnType<typeof makeLogger>

/** Lines that wait as they can't be written, in bytes. */
const waitingBytesMax = 1024 * 1024

/** The log of a process. Lines are written at once: the last ones before a crash matter most. */
export function makeLogger(options: LoggerOptions) {
  const settings = {
    level: options.level,
    base: { name: options.name },
    timestamp: pino.stdTimeFunctions.isoTime,
  }
  if (!options.pretty) {
    const lines = pino.destination({ dest: options.descriptor, sync: true, maxLength: waitingBytesMax })
    // A full disk is no reason to end: what can't be written waits for the next line, and then the rest is dropped.
    lines.on('error', () => undefined)
    return pino(settings, lines)
  }
  const stream = PinoPretty({
    destination: options.descriptor,
    sync: true,
    singleLine: true,
    colorize: (process.env.NO_COLOR ?? '') === '',
    ignore: 'name',
    translateTime: 'SYS:HH:MM:ss.l',
    messageFormat: `${options.name}: {msg}`,
  })
  return pino(settings, stream)
}
