import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { expectEqual } from './day.js'

const mebibyte = 1024 * 1024

export interface MaterialFile {
  readonly path: string
  readonly size: number
  readonly sha256: string
  readonly md5: string
}

/** What clients send. */
export interface Material {
  readonly empty: MaterialFile
  /** Some kilobytes, one piece. */
  readonly small: MaterialFile
  /** More than one part for clients that cut at 5 or 8 MiB. */
  readonly medium: MaterialFile
  readonly large: MaterialFile
  /** A folder of many small files in nested folders, with names that need encoding. */
  readonly tree: string
  readonly treeFiles: readonly string[]
}

/** Writes it all below a folder. Bytes are random: no two files share blocks. */
export async function makeMaterial(folder: string, largeBytes: number): Promise<Material> {
  mkdirSync(folder, { recursive: true })
  const tree = join(folder, 'tree')
  const treeFiles = [
    ...Array.from({ length: 120 }, (_, i) => `deep/${i % 7}/${i % 3}/file-${i}.txt`),
    ...['top', 'a b/plus+and space.txt', 'ä/日本語.txt', "signs/%41&=;,@!$()'.txt", 'empty'],
  ]
  for (const name of treeFiles) {
    mkdirSync(dirname(join(tree, name)), { recursive: true })
    writeFileSync(join(tree, name), name === 'empty' ? '' : `${name}\n${randomBytes(700).toString('hex')}`)
  }
  return {
    empty: await makeFile(join(folder, 'empty.bin'), 0),
    small: await makeFile(join(folder, 'small.bin'), 12_345),
    medium: await makeFile(join(folder, 'medium.bin'), 17 * mebibyte + 5),
    large: await makeFile(join(folder, 'large.bin'), largeBytes),
    ...{ tree, treeFiles: treeFiles.toSorted() },
  }
}

/** A file of random bytes. */
export async function makeFile(path: string, size: number): Promise<MaterialFile> {
  const [sha256, md5] = [createHash('sha256'), createHash('md5')]
  await pipeline(function* () {
    for (let left = size; left > 0; left -= mebibyte) {
      const piece = randomBytes(Math.min(left, mebibyte))
      sha256.update(piece)
      md5.update(piece)
      yield piece
    }
  }, createWriteStream(path))
  return { path, size, sha256: sha256.digest('hex'), md5: md5.digest('hex') }
}

/** Throws where a file does not hold the bytes of another. */
export async function expectSame(path: string, original: MaterialFile): Promise<void> {
  const digest = createHash('sha256')
  for await (const piece of createReadStream(path)) digest.update(piece)
  expectEqual(digest.digest('hex'), original.sha256, `the bytes of ${path}`)
}
