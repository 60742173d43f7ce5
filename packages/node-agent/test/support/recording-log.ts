import type { Log } from '@torc/protocol/environment/log'

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly facts: object
  readonly message: string
}

/** Keeps what was said, but for details. */
export function recordingLog(): Log & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = []
  const at =
    (level: LogLine['level']) =>
    (facts: object, message: string): void =>
      void lines.push({ level, facts, message })
  return { lines, debug: () => undefined, info: at('info'), warn: at('warn'), error: at('error') }
}
