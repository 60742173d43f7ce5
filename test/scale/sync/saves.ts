import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Store } from '@torc/client'
import type { SyncedPair } from './synced-pair.js'

/** How editors save: a person sees one file that changed once. */
const ways: Readonly<Record<string, (path: string, bytes: Uint8Array) => void>> = {
  'a temporary file that is renamed': (path, bytes) => {
    const temporary = `${path}.tmp-4711`
    const file = openSync(temporary, 'wx')
    writeSync(file, bytes)
    fsyncSync(file)
    closeSync(file)
    renameSync(temporary, path)
  },
  'a backup that goes when all is written': (path, bytes) => {
    renameSync(path, `${path}~`)
    const file = openSync(path, 'wx')
    writeSync(file, bytes)
    fsyncSync(file)
    closeSync(file)
    rmSync(`${path}~`)
  },
  'written in place': (path, bytes) => {
    writeFileSync(path, bytes)
  },
}

/** Saves a file in each way, and tells the versions that each made: of the file, and of anything beside it. */
export async function savesOf(pair: SyncedPair, store: Store): Promise<Readonly<Record<string, number>>> {
  const name = 'folder-0/edited.txt'
  const [near, far] = [join(pair.near, name), join(pair.far, name)]
  const arrives = (bytes: Buffer) =>
    pair.there.until('the save in the other folder', () => readOrNothing(far).equals(bytes))
  const first = randomBytes(500)
  writeFileSync(near, first)
  await arrives(first)
  await pair.untilAtRest()
  const made: Record<string, number> = {}
  for (const [way, save] of Object.entries(ways)) {
    const before = await versionsOf(pair, store, name)
    const bytes = randomBytes(600)
    save(near, bytes)
    await arrives(bytes)
    await pair.untilAtRest()
    made[way] = (await versionsOf(pair, store, name)) - before
  }
  return made
}

/** Versions and markers of all keys that begin so. */
async function versionsOf(pair: SyncedPair, store: Store, name: string): Promise<number> {
  const slash = pair.target.indexOf('/')
  const [bucket, prefix] = [pair.target.slice(0, slash), pair.target.slice(slash + 1)]
  let versions = 0
  for await (const _ of store.versions(bucket, { prefix: `${prefix}/${name}` })) versions++
  return versions
}

function readOrNothing(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    return Buffer.alloc(0)
  }
}
