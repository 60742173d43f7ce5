import { connect, type Store } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import { blockFolders, indexFile } from '@torc/node-agent/data-directory/data-directory'
import { FileDisk } from '@torc/node-agent/disk/file-disk'
import { beforeNextLook } from '../patience.js'
import type { Cluster } from '../processes/cluster.js'
import { type BlockCensus, takeCensus } from './block-census.js'

export function storeOf(cluster: Cluster): Promise<Store> {
  const credentials = readCredentials(cluster.credentials)
  return connect({ servers: [cluster.server], credentials, timeoutMs: 15_000 })
}

/** Waits until no agent has anything to release or to collect any more, for half a minute at most. */
export async function untilIdle(cluster: Cluster): Promise<void> {
  const endMs = performance.now() + 30_000
  const store = await storeOf(cluster)
  try {
    for (;;) {
      const { members } = await store.status()
      const workers = members.filter(({ role }) => role === 'agent').map(one => one.workers ?? [])
      const busy = workers.some(
        list => list.length === 0 || list.some(({ progress }) => waits.test(progress)),
      )
      if (!busy || performance.now() > endMs) return
      await beforeNextLook()
    }
  } finally {
    await store.close()
  }
}

const waits = /\d (?:releases|blocks) wait/

/** What an agent whose process has ended has on its disk. */
export async function censusOf(id: string, data: string): Promise<BlockCensus> {
  const disk = await FileDisk.open(data)
  try {
    const files = await Promise.all(blockFolders().map(folder => disk.list(folder)))
    return takeCensus(id, disk.openDatabase(indexFile), files.flat())
  } finally {
    await disk.close()
  }
}
