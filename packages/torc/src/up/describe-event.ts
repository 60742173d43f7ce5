import type { ProcessEvent } from '../supervise/managed-process.js'

/** An event in a sentence, for people. */
export function describeEvent(event: ProcessEvent): string {
  if (event.event === 'restarted')
    return `${event.process} runs again at ${event.address} (process ${event.pid})`
  const how = event.signal === null ? `ended with status ${event.code}` : `was ended by ${event.signal}`
  const why = event.reason === undefined ? '' : `: ${event.reason}`
  return `${event.process} (process ${event.pid}) ${how}${why}; starting it again in ${event.restartInMs / 1000} s`
}
