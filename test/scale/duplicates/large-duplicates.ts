import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Cluster, startCluster, vmHwm } from '../../harness/processes/cluster.js'
import { FaultProxy } from '../../harness/proxy/fault-proxy.js'
import { censusOf, untilIdle } from '../../harness/replicas/agent-census.js'
import { type BlockCensus, censusProblems } from '../../harness/replicas/block-census.js'

export interface LargeDuplicatesOptions {
  /** Bytes of the file that is put twice. */
  readonly bytes: number
  /** Bytes of the file that is changed in its middle. */
  readonly changedBytes: number
  readonly onProgress: (text: string) => void
}

export interface Finding {
  readonly what: string
  readonly value: number
  readonly max?: number
  readonly min?: number
}

export function missed({ value, max, min }: Finding): boolean {
  return (max !== undefined && value > max) || (min !== undefined && value < min)
}

/** From the end of a block's use to its end. */
const grace = ['--block-grace', '2s']

/**
 * A large file under two names, then under one, then under none; and one that is changed in its middle, in a bucket
 * that cuts by content. What crosses the client's socket is counted by a proxy, what is stored by the files of all
 * agents.
 */
export async function largeDuplicates(options: LargeDuplicatesOptions): Promise<Finding[]> {
  const { bytes, changedBytes, onProgress } = options
  const cluster = await startCluster({ args: grace })
  const proxy = await FaultProxy.start(cluster.server)
  const findings: Finding[] = []
  const note = (finding: Finding): void => {
    findings.push(finding)
    onProgress(`${finding.what}: ${finding.value}`)
  }
  try {
    const torc = async (...args: string[]): Promise<number> => {
      const began = performance.now()
      const result = await cluster.torc(args, { variables: { TORC_SERVER: proxy.address } })
      if (result.code !== 0)
        throw new Error(`torc ${args.join(' ')} ended with ${result.code}: ${result.stderr}`)
      return performance.now() - began
    }
    const over = (): number => proxy.counts.toTarget.bytes + proxy.counts.fromTarget.bytes
    await torc('mb', 'box')
    const file = join(cluster.folder, 'file')
    const hash = await writeRandom(file, bytes)
    const firstMs = await torc('put', 'box/one', file)
    const [once, stored] = [over(), blockBytes(cluster)]
    const secondMs = await torc('put', 'box/two', file)
    rmSync(file)
    note({ what: 'second PUT: part of the bytes over the socket', value: (over() - once) / bytes, max: 0.01 })
    note({ what: 'second PUT: growth of what is stored', value: blockBytes(cluster) / stored - 1, max: 0.01 })
    note({ what: 'second PUT: times as fast as the first', value: firstMs / secondMs })
    await torc('rm', 'box/one')
    const back = join(cluster.folder, 'back')
    await torc('get', 'box/two', back)
    note({ what: 'bytes read back that differ', value: (await sha256(back)) === hash ? 0 : bytes, max: 0 })
    rmSync(back)
    await torc('rm', 'box/two')
    await untilEmpty(cluster)
    note({ what: 'block files left after both were deleted', value: blockFiles(cluster).length, max: 0 })
    await changedFile(cluster, torc, over, changedBytes, note)
    for (const [name, pid] of pids(cluster))
      note({ what: `peak memory of ${name}, MiB`, value: vmHwm(pid) / 2 ** 20 })
    await untilIdle(cluster)
    const census = await stopAndCount(cluster)
    note({ what: 'blocks missing or left, by a count of rows and files', value: census.length, max: 0 })
    for (const problem of census) onProgress(problem)
  } finally {
    await proxy.close()
    await cluster.stop()
  }
  return findings
}

async function changedFile(
  cluster: Cluster,
  torc: (...args: string[]) => Promise<number>,
  over: () => number,
  bytes: number,
  note: (finding: Finding) => void,
): Promise<void> {
  await torc('mb', 'content', '--cutting', 'content')
  const [before, after] = ['before', 'after'].map(name => join(cluster.folder, name)) as [string, string]
  await writeRandom(before, bytes)
  await torc('put', 'content/file', before)
  const once = over()
  const middle = Math.floor(bytes / 2)
  await pipeline(async function* () {
    yield* createReadStream(before, { end: middle - 1 })
    yield randomBytes(100)
    yield* createReadStream(before, { start: middle })
  }, createWriteStream(after))
  await torc('put', 'content/file', after)
  note({
    what: '100 bytes inserted: part of the bytes over the socket',
    value: (over() - once) / bytes,
    max: 0.05,
  })
  const back = join(cluster.folder, 'back')
  await torc('get', 'content/file', back)
  const same = (await sha256(back)) === (await sha256(after))
  note({ what: 'bytes read back that differ', value: same ? 0 : bytes, max: 0 })
  for (const path of [before, after, back]) rmSync(path)
}

async function stopAndCount(cluster: Cluster): Promise<string[]> {
  await cluster.end()
  const census: BlockCensus[] = await Promise.all(cluster.agents.map(({ id, data }) => censusOf(id, data)))
  return censusProblems(census, 2)
}

/** Waits until no agent has a block, for two minutes at most. */
async function untilEmpty(cluster: Cluster): Promise<void> {
  const endMs = performance.now() + 120_000
  while (blockFiles(cluster).length > 0 && performance.now() < endMs) await new Promise(setImmediate)
}

function blockFiles(cluster: Cluster): string[] {
  return cluster.agents.flatMap(({ data }) => {
    const folder = join(data, 'blocks')
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
  })
}

function blockBytes(cluster: Cluster): number {
  return blockFiles(cluster).reduce((sum, path) => sum + statSync(path).size, 0)
}

function pids(cluster: Cluster): [string, number][] {
  return [['server', cluster.serverPid], ...cluster.agents.map(({ id, pid }): [string, number] => [id, pid])]
}

const pieceBytes = 4 * 1024 * 1024

/** Resolves with the file's SHA-256. */
async function writeRandom(path: string, bytes: number): Promise<string> {
  const digest = createHash('sha256')
  await pipeline(function* () {
    for (let left = bytes; left > 0; left -= pieceBytes) {
      const piece = randomBytes(Math.min(left, pieceBytes))
      digest.update(piece)
      yield piece
    }
  }, createWriteStream(path))
  return digest.digest('hex')
}

async function sha256(path: string): Promise<string> {
  const digest = createHash('sha256')
  for await (const piece of createReadStream(path)) digest.update(piece)
  return digest.digest('hex')
}
