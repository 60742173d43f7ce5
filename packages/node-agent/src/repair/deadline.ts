import type { Clock } from '@torc/protocol/environment/clock'
import { TorcError } from '@torc/protocol/errors'

/** Runs `run` with a signal that aborts with `signal`, or after `ms`: for answers that could come frame by frame for ever. */
export async function* within<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  run: (signal: AbortSignal) => AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  const late = new AbortController()
  const disarm = clock.after(ms, () => late.abort(new TorcError('TIMEOUT', `no end within ${ms} ms`)))
  try {
    yield* run(AbortSignal.any([signal, late.signal]))
  } finally {
    disarm()
  }
}
