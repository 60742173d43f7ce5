import { renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from '../../harness/processes/cluster.js'
import { foldersFor, makeLargeFile, makeTree } from './file-tree.js'
import type { Finding } from './finding.js'
import type { SyncedPair } from './synced-pair.js'

const mebibyte = 1024 * 1024

/**
 * Files that are made while the near process is stopped, half of them in folders that it knows: the system does not keep so
 * many events for it, and drops the rest without a word.
 */
export async function madeWhileStopped(
  pair: SyncedPair,
  knownFolders: number,
  files: number,
): Promise<Finding> {
  const inKnown = Math.ceil(files / 2)
  const folders = foldersFor(files - inKnown)
  const steps = stepsOf(pair, files + folders)
  pair.here.signal('SIGSTOP')
  try {
    makeTree(pair.near, inKnown, knownFolders, 'late')
    makeTree(join(pair.near, 'meanwhile'), files - inKnown, folders)
  } finally {
    pair.here.signal('SIGCONT')
  }
  return arriving('made while the process was stopped', pair, files, () => steps(1))
}

/** A folder that was made elsewhere, and is there at once with all that it holds. */
export async function movedIn(cluster: Cluster, pair: SyncedPair, files: number): Promise<Finding> {
  const outside = join(cluster.folder, 'outside')
  const folders = foldersFor(files)
  makeTree(outside, files, folders)
  const steps = stepsOf(pair, files + folders)
  renameSync(outside, join(pair.near, 'moved'))
  return arriving('a folder moved in', pair, files, () => steps(1))
}

/** A large file: what the processes have resident must not grow with it. */
export async function largeFile(pair: SyncedPair, bytes: number): Promise<Finding> {
  const before = [pair.here.peakBytes, pair.there.peakBytes]
  const steps = stepsOf(pair, 1)
  makeLargeFile(join(pair.near, 'large.bin'), bytes)
  const { figures } = await arriving('a large file', pair, 1, () => steps(0))
  const grown = [pair.here, pair.there].map(({ peakBytes }, i) => (peakBytes - (before[i] ?? 0)) / mebibyte)
  return {
    phase: 'a large file',
    figures: {
      ...figures,
      mebibytes: bytes / mebibyte,
      grownMiBUp: grown[0] ?? 0,
      grownMiBDown: grown[1] ?? 0,
    },
  }
}

/** Waits for so many steps more of both processes; and for the folder that holds all of them, where there is one. */
function stepsOf({ here, there }: SyncedPair, more: number): (above: number) => Promise<unknown> {
  const [up, down] = [here.steps + more, there.steps + more]
  return above => Promise.all([here.untilSteps(up + above), there.untilSteps(down + above)])
}

async function arriving(
  phase: string,
  pair: SyncedPair,
  files: number,
  arrival: () => Promise<unknown>,
): Promise<Finding> {
  const before = pair.use
  const startedMs = performance.now()
  await arrival()
  const seconds = (performance.now() - startedMs) / 1000
  await pair.untilAtRest()
  pair.compare()
  const processorSeconds = (pair.use.processorMs - before.processorMs) / 1000
  return { phase, figures: { files, seconds, filesPerSecond: files / seconds, processorSeconds } }
}
