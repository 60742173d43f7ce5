import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from '../../harness/processes/cluster.js'
import { CountingProxy } from '../traffic/counting-proxy.js'
import { foldersFor, makeTree } from './file-tree.js'
import type { Finding } from './finding.js'
import type { SyncProcess } from './sync-process.js'
import type { SyncedPair } from './synced-pair.js'

const mebibyte = 1024 * 1024

/**
 * The first sync of a tree and the first sync of an empty folder with it, each beside the command that does no more than
 * move the same files, in the same run and through a proxy too.
 */
export async function firstSyncs(
  cluster: Cluster,
  pair: SyncedPair,
  files: number,
  interval: string,
): Promise<Finding[]> {
  const folders = foldersFor(files)
  makeTree(pair.near, files, folders)
  const plain = `${pair.target}-plain`
  const put = await timed(() => torc(cluster, ['put', '--recursive', pair.near, plain]))
  const up = await begun(() => pair.startHere(interval), files + folders)
  const got = join(cluster.folder, 'got')
  const get = await timed(() => torc(cluster, ['get', '--recursive', plain, got]))
  rmSync(got, { recursive: true })
  const down = await begun(() => pair.startThere(interval), files + folders)
  pair.compare()
  const finding = (phase: string, { process, seconds }: Begun, plainSeconds: number): Finding => ({
    phase,
    figures: {
      files,
      seconds,
      filesPerSecond: files / seconds,
      timesPlain: seconds / plainSeconds,
      processorSeconds: process.use.processorMs / 1000,
      requestsPerFile: process.use.requests / files,
      peakMiB: process.peakBytes / mebibyte,
    },
  })
  return [finding('first sync, up', up, put), finding('first sync, down', down, get)]
}

interface Begun {
  readonly process: SyncProcess
  readonly seconds: number
}

async function begun(start: () => Promise<SyncProcess>, steps: number): Promise<Begun> {
  const startedMs = performance.now()
  const process = await start()
  await process.untilSteps(steps)
  const seconds = (performance.now() - startedMs) / 1000
  await process.untilAtRest()
  return { process, seconds }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return (performance.now() - startedMs) / 1000
}

async function torc(cluster: Cluster, args: readonly string[]): Promise<void> {
  const proxy = await CountingProxy.start(cluster.server)
  try {
    proxy.count()
    const variables = { ...cluster.variables, TORC_SERVER: proxy.address }
    const { code, stderr } = await cluster.torc([...args, '--json'], { variables })
    if (code !== 0) throw new Error(`torc ${args[0]} ended with ${code}: ${stderr}`)
  } finally {
    await proxy.close()
  }
}
