import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as after } from 'node:timers/promises'
import { connect, type Store } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import { type Cluster, startCluster } from '../../harness/processes/cluster.js'
import { type Day, expectEqual, expectMatch } from '../day/day.js'

const mebibyte = 1024 * 1024
/** Every part but the last is a whole number of blocks, so that two uploads are cut at the same places. */
export const partBytes = 5 * mebibyte
const replicas = 3
const patienceMs = 60_000

/** Where the book's uploader goes. */
export interface BookShop {
  readonly s3: string
  readonly accessKey: string
  readonly secretKey: string
  readonly bucket: string
}

/** Uploads the book to a key, in parts of `partBytes`. */
export type UploadBook = (shop: BookShop, key: string, book: Uint8Array) => Promise<void>

/** Some 20 MiB that begin as a PDF does. */
export function printBook(): Buffer {
  return Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(20 * mebibyte + 4_321)])
}

/**
 * A book is uploaded in parts, found in its folder as a browser finds it, uploaded again under another path, which
 * stores nothing, and deleted, after which its blocks go. The cluster is its own: nobody else's blocks are counted.
 */
export async function lifeOfABook(day: Day, upload: UploadBook): Promise<void> {
  const cluster = await startCluster({ args: ['--block-grace', '2s'] })
  try {
    const credentials = readCredentials(cluster.credentials)
    const store = await connect({ servers: [cluster.server], credentials })
    try {
      await live(day, cluster, store, upload)
    } finally {
      await store.close()
    }
  } finally {
    await cluster.stop()
  }
}

async function live(day: Day, cluster: Cluster, store: Store, upload: UploadBook): Promise<void> {
  const ready = cluster.up.lines.find(line => line.event === 'ready')
  const { accessKey, secretKey } = readCredentials(cluster.credentials)
  const [http, bucket] = [String(ready?.http), 'b']
  const shop = { s3: String(ready?.s3), accessKey, secretKey, bucket }
  const book = printBook()
  const basic = `Basic ${Buffer.from(`${accessKey}:${secretKey}`).toString('base64')}`
  const browse = (path: string): Promise<Response> =>
    fetch(http + path, { headers: { authorization: basic, accept: 'text/html,*/*;q=0.8' } })
  const before = await stored(store)
  const blocks = blocksOf(book.length) * replicas
  let once = before

  await day.step('the book is uploaded in parts', async () => {
    // Over S3 such a short name can only be used, not made.
    const made = await fetch(`${http}/buckets/${bucket}`, {
      method: 'POST',
      headers: { authorization: basic },
    })
    expectEqual(made.status, 201, 'the bucket')
    await upload(shop, 'a/d/book.pdf', book)
    once = await until(store, 'the blocks of the book', found => found.blocks === before.blocks + blocks)
    expectEqual(once.blockBytes - before.blockBytes, replicas * book.length, 'the bytes stored')
  })
  await day.step('a browser finds it in its folder', async () => {
    const page = await browse(`/files/${bucket}/a/d`)
    expectMatch(page.headers.get('content-type') ?? '', /^text\/html/, 'the type of the page')
    const link = /href="([^"]*book\.pdf)"/.exec(await page.text())?.[1]
    if (link === undefined) throw new Error('the page has no link to the book')
    const response = await browse(link)
    const digest = createHash('sha256')
    for await (const piece of response.body ?? []) digest.update(piece)
    const expected = createHash('sha256').update(book).digest('hex')
    expectEqual(digest.digest('hex'), expected, 'the bytes read')
  })
  await day.step('under another path it stores nothing', async () => {
    await upload(shop, 'shelf/again.pdf', book)
    const twice = await stored(store)
    expectEqual(twice.blocks, once.blocks, 'the blocks')
    expectEqual(twice.blockBytes, once.blockBytes, 'the bytes stored')
    expectEqual(await hashes(store, 'shelf/again.pdf'), await hashes(store, 'a/d/book.pdf'), 'the hashes')
  })
  await day.step('deleted, its blocks go after the grace time', async () => {
    await store.delete(bucket, 'a/d/book.pdf')
    const left = await browse(`/files/${bucket}/shelf/again.pdf`)
    expectEqual((await left.arrayBuffer()).byteLength, book.length, 'the other copy')
    await store.delete(bucket, 'shelf/again.pdf')
    await until(store, 'the end of the blocks', found => found.blocks === before.blocks)
  })
}

/** Blocks of 1 MiB that parts of `partBytes` are cut into. */
function blocksOf(bytes: number): number {
  return Math.ceil(bytes / mebibyte)
}

interface Stored {
  readonly blocks: number
  readonly blockBytes: number
}

/** What the agents say that they hold, copies counted. */
async function stored(store: Store): Promise<Stored> {
  const { members } = await store.status()
  const agents = members.filter(({ role }) => role === 'agent')
  return {
    blocks: agents.reduce((sum, { blocks = 0 }) => sum + blocks, 0),
    blockBytes: agents.reduce((sum, { blockBytes = 0 }) => sum + blockBytes, 0),
  }
}

async function hashes(store: Store, key: string): Promise<string[]> {
  const found: string[] = []
  for await (const { hash } of store.blocks('b', key)) found.push(hash)
  return found
}

async function until(store: Store, what: string, isSo: (found: Stored) => boolean): Promise<Stored> {
  const endMs = performance.now() + patienceMs
  for (;;) {
    const found = await stored(store)
    if (isSo(found)) return found
    if (performance.now() > endMs) throw new Error(`waited for ${what} in vain: ${JSON.stringify(found)}`)
    await after(50)
  }
}
