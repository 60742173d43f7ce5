import { createHash, randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes of files one after the other: most are small, few are empty, none is large. */
const sizes = [13, 100, 500, 1_000, 2_000, 4_000, 8_000, 12_000, 20_000, 300]
const pieceBytes = 1024 * 1024

/** Makes so many files of random bytes in so many folders below a folder, all of which may be there already. */
export function makeTree(folder: string, files: number, folders: number, name = 'file'): void {
  for (let i = 0; i < folders; i++) mkdirSync(join(folder, `folder-${i}`), { recursive: true })
  for (let i = 0; i < files; i++) {
    const size = i % 1000 === 999 ? 0 : (sizes[i % sizes.length] ?? 0)
    writeFileSync(join(folder, `folder-${i % folders}`, `${name}-${i}.bin`), randomBytes(size))
  }
}

export function makeLargeFile(path: string, bytes: number): void {
  const file = openSync(path, 'wx')
  for (let left = bytes; left > 0; left -= pieceBytes)
    writeSync(file, randomBytes(Math.min(left, pieceBytes)))
  closeSync(file)
}

/** Folders for a number of files, so that each has some hundred. */
export function foldersFor(files: number): number {
  return Math.max(1, Math.round(files / 100))
}

/** Throws where the one folder holds other names, or other bytes, than the other. */
export function compareTrees(one: string, other: string): void {
  const [here, there] = [digestsOf(one), digestsOf(other)]
  for (const name of new Set([...here.keys(), ...there.keys()])) {
    const [a, b] = [here.get(name), there.get(name)]
    if (a === b) continue
    if (a === undefined || b === undefined)
      throw new Error(`${name} is only in ${a === undefined ? other : one}`)
    throw new Error(`${name} is not the same in ${one} and ${other}`)
  }
}

/** Names below the folder with a digest of what is there: the sync client's own folder is left out. */
function digestsOf(folder: string): Map<string, string> {
  const digests = new Map<string, string>()
  const waiting = ['']
  for (let below = waiting.pop(); below !== undefined; below = waiting.pop()) {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      if (below === '' && entry.name === '.torc-sync') continue
      const name = join(below, entry.name)
      if (entry.isDirectory()) waiting.push(name)
      const digest = entry.isDirectory()
        ? 'a folder'
        : createHash('sha256')
            .update(readFileSync(join(folder, name)))
            .digest('hex')
      digests.set(name, digest)
    }
  }
  return digests
}
