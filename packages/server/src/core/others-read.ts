import type { Coordination } from './coordination.js'

/**
 * Waits until no other server believes what it read before now: each has said that it knows of the change, or the time
 * for which it believes what it has read is over. Alone there is nothing to wait for.
 */
export async function untilOthersRead(c: Coordination, believedMs: number): Promise<void> {
  if (!c.otherServers()) return
  await new Promise<void>(resolve => {
    const cancel = c.environment.clock.after(believedMs, resolve)
    void c.recordNews.everywhere().then(() => {
      cancel()
      resolve()
    })
  })
}
