import type { Coordination } from './coordination.js'

/** Waits until no other server believes what it read before now. Alone there is nothing to wait for. */
export async function untilOthersRead(c: Coordination, believedMs: number): Promise<void> {
  if (!c.otherServers()) return
  await new Promise<void>(resolve => void c.environment.clock.after(believedMs, resolve))
}
