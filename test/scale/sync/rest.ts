import { beforeNextLook } from '../../harness/patience.js'
import type { Finding } from './finding.js'
import type { SyncedPair } from './synced-pair.js'

/** What a pair at rest does for so long, each of its two processes. */
export async function atRest(pair: SyncedPair, files: number, seconds: number): Promise<Finding> {
  pair.count()
  const before = pair.use
  await beforeNextLook(seconds * 1000)
  const { requests, processorMs } = pair.use
  return {
    phase: 'at rest',
    figures: {
      files,
      seconds,
      requestsPerMinute: (requests * 60) / seconds / 2,
      processorMsPerMinute: ((processorMs - before.processorMs) * 60) / seconds / 2,
    },
  }
}
