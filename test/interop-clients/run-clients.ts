import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import { type Cluster, startCluster } from '../harness/processes/cluster.js'
import type { Gateway, Installed, RealClient } from './client.js'
import { Day, type Step } from './day/day.js'
import { makeMaterial } from './day/material.js'
import type { ClientReport } from './report/table.js'

export interface RunOptions {
  readonly clients: readonly RealClient[]
  readonly tools: string
  readonly largeBytes: number
  readonly keys: number
  readonly signal?: AbortSignal
  readonly onStep?: (client: string, step: Step) => void
}

/** How long a block stays that nothing needs: the book's has to be seen to go. */
const grace = ['--block-grace', '3s', '--collect-after', '3s']
const listingBucket = 'many'
const putsAtATime = 32

/** Each client in turn against one cluster with a gateway, which is gone at the end with all that it stored. */
export async function runClients(options: RunOptions): Promise<ClientReport[]> {
  const { clients, tools, signal } = options
  mkdirSync(tools, { recursive: true })
  const cluster = await startCluster({ args: grace })
  try {
    const gateway = await gatewayOf(cluster, options)
    const reports: ClientReport[] = []
    for (const client of clients) {
      signal?.throwIfAborted()
      reports.push(await dayOf(client, gateway, options))
    }
    return reports
  } finally {
    await cluster.stop()
  }
}

async function gatewayOf(cluster: Cluster, { largeBytes, keys }: RunOptions): Promise<Gateway> {
  const ready = cluster.up.lines.find(line => line.event === 'ready')
  const credentials = readCredentials(cluster.credentials)
  const store = await connect({ servers: [cluster.server], credentials })
  try {
    await store.createBucket(listingBucket)
    const names = Array.from({ length: keys }, (_, i) => `folder-${i % 10}/key-${String(i).padStart(5, '0')}`)
    const puts = names.values()
    const putSome = async (): Promise<void> => {
      for (const name of puts) await store.put(listingBucket, name, name)
    }
    await Promise.all(Array.from({ length: putsAtATime }, putSome))
  } finally {
    await store.close()
  }
  return {
    ...{ cluster, http: String(ready?.http), s3: String(ready?.s3), ...credentials },
    material: await makeMaterial(join(cluster.folder, 'material'), largeBytes),
    listing: { bucket: listingBucket, keys },
  }
}

async function dayOf(client: RealClient, gateway: Gateway, options: RunOptions): Promise<ClientReport> {
  const { name } = client
  let installed: Installed
  try {
    installed = await client.install(options.tools)
  } catch (thrown) {
    installed = { missing: thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown) }
  }
  if ('missing' in installed) return { name, version: installed.missing, missing: true, steps: [] }
  const day = new Day(step => options.onStep?.(name, step))
  const folder = join(gateway.cluster.folder, 'work', name)
  mkdirSync(folder, { recursive: true })
  await client.work(day, gateway, installed.program, folder)
  rmSync(folder, { recursive: true, force: true })
  const { version, note } = installed
  return {
    name,
    version: note === undefined ? version : `${version} (${note})`,
    missing: false,
    steps: day.steps,
  }
}
