import { TorcError } from '@torc/protocol/errors'

/** This agent can not store what it takes over: no peer's fault, and no other peer will do. */
export class OwnFailure extends TorcError {}

/** Runs a write of this agent's own. */
export async function ownWrite<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (thrown) {
    const { code, message } = TorcError.from(thrown)
    throw new OwnFailure(code, message, { cause: thrown })
  }
}
