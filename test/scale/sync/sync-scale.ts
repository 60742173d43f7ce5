import { connect, type Store } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import { type Cluster, startCluster } from '../../harness/processes/cluster.js'
import { largeFile, madeWhileStopped, movedIn } from './bursts.js'
import { singleChanges } from './changes.js'
import { foldersFor } from './file-tree.js'
import type { Finding } from './finding.js'
import type { SyncScaleOptions } from './options.js'
import { atRest } from './rest.js'
import { savesOf } from './saves.js'
import { SyncedPair } from './synced-pair.js'
import { firstSyncs } from './transfers.js'

/** Far behind the end of a run: what arrives, the watcher saw. */
const watcherAlone = '10h'

/**
 * Folder sync between real processes, of a small tree and of a large one: what one change costs must not grow with the tree, and
 * whatever arrives, however much at once, is in the other folder byte by byte. Throws where something does not.
 */
export async function runSyncScale(
  options: SyncScaleOptions,
  onFinding: (finding: Finding) => void = () => undefined,
): Promise<Finding[]> {
  const findings: Finding[] = []
  const note = (...found: readonly Finding[]): void => {
    for (const finding of found) {
      findings.push(finding)
      onFinding(finding)
    }
  }
  const cluster = await startCluster()
  const store = await connect({
    servers: [cluster.server],
    credentials: readCredentials(cluster.credentials),
  })
  try {
    await store.createBucket('sync')
    const small = await SyncedPair.make(cluster, 'small')
    try {
      note(...(await firstSyncs(cluster, small, options.fewFiles, watcherAlone)))
      note(await singleChanges(small, options.fewFiles, options.samples))
      note(await atRestAgain(small, options.fewFiles, options))
      // In processes that have held little so far.
      note(await largeFile(small, options.largeBytes))
    } finally {
      await small.close()
    }
    const large = await SyncedPair.make(cluster, 'large')
    try {
      await runLarge(cluster, store, large, options, note)
    } finally {
      await large.close()
    }
    return findings
  } finally {
    await store.close()
    await cluster.stop()
  }
}

async function runLarge(
  cluster: Cluster,
  store: Store,
  pair: SyncedPair,
  options: SyncScaleOptions,
  note: (...findings: readonly Finding[]) => void,
): Promise<void> {
  const { files, samples, moved, created } = options
  note(...(await firstSyncs(cluster, pair, files, watcherAlone)))
  note(await singleChanges(pair, files, samples))
  note({ phase: 'saves', figures: await savesOf(pair, store) })
  note(await movedIn(cluster, pair, moved))
  note(await atRestAgain(pair, files + moved, options))
  note(await madeWhileStopped(pair, foldersFor(files), created))
}

/** The same pair in new processes, which look through everything now and then. */
async function atRestAgain(
  pair: SyncedPair,
  files: number,
  { restSeconds, intervalSeconds }: SyncScaleOptions,
): Promise<Finding> {
  await pair.end()
  pair.count()
  await Promise.all([pair.startHere(`${intervalSeconds}s`), pair.startThere(`${intervalSeconds}s`)])
  await pair.untilAtRest()
  const again = pair.use
  const { phase, figures } = await atRest(pair, files, restSeconds)
  const atStart = { startRequests: again.requests / 2, startProcessorMs: again.processorMs / 2 }
  return { phase, figures: { ...figures, ...atStart } }
}
