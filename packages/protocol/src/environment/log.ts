/** Where a component says what happened; pino's loggers fit. `facts` never hold secrets. */
export interface Log {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

const nothing = (): void => {}

/** For callers that do not want to hear. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
