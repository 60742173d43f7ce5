import type { Refusal } from '../ports/local-folder.js'
import type { LocalEntry } from '../trees/entry.js'
import { fingerprintOf, isExecutable, marked, mtimeMsOf } from './fingerprint.js'
import { isAbsent, isDenied, lookAt } from './folder-root.js'
import { linkLeads, linkStaysInside } from './link-target.js'
import { hashOf, openFile, readTarget } from './read-file.js'
import { notReadable } from './refusals.js'
import type { ScanSource } from './scan.js'

/** Reads what changed, and makes sure that it did not change once more meanwhile. */
export class ContentReader {
  readonly #source: ScanSource
  readonly #onBytes: (count: number) => void

  /** `onBytes` is told as bytes are read, and may end it by an error. */
  constructor(source: ScanSource, onBytes: (count: number) => void) {
    this.#source = source
    this.#onBytes = onBytes
  }

  async read(name: string): Promise<LocalEntry | Refusal | 'gone' | 'unstable'> {
    try {
      const path = this.#source.root.absolute(name)
      const stats = await lookAt(path)
      if (stats === undefined) return 'gone'
      if (stats.isSymbolicLink()) return await this.#readLink(name, path)
      return stats.isFile() ? await this.#readFile(name, path) : 'unstable'
    } catch (error) {
      if (isAbsent(error)) return 'gone'
      if (isDenied(error)) return notReadable(name)
      throw error
    }
  }

  async #readFile(name: string, path: string): Promise<LocalEntry | 'gone' | 'unstable'> {
    const { hasher, nowNs, onStep } = this.#source
    const file = await openFile(path)
    if (file === undefined) return (await lookAt(path)) === undefined ? 'gone' : 'unstable'
    const { stats } = file
    const sha256 = await hashOf(file.pieces(), hasher, this.#onBytes).finally(() => file.close())
    onStep('look', name)
    const after = await lookAt(path)
    if (after === undefined) return 'gone'
    if (fingerprintOf(after) !== fingerprintOf(stats)) return 'unstable'
    return {
      content: { kind: 'file', sha256, size: Number(stats.size), executable: isExecutable(stats) },
      mtimeMs: mtimeMsOf(stats),
      fingerprint: marked(stats, nowNs, sha256),
    }
  }

  async #readLink(name: string, path: string): Promise<LocalEntry | Refusal | 'gone' | 'unstable'> {
    const { hasher, links } = this.#source
    if (links === 'skip') return { name, reason: 'links are skipped', silent: true }
    const stats = await lookAt(path)
    const target = await readTarget(path)
    const after = await lookAt(path)
    if (stats === undefined || after === undefined || target === undefined) return 'gone'
    if (fingerprintOf(after) !== fingerprintOf(stats)) return 'unstable'
    const text = target.toString()
    if (!Buffer.from(text).equals(target)) {
      const hint = 'Make the link anew, or name it in .torcignore.'
      return { name, reason: "the link's target is not valid UTF-8", hint }
    }
    if (!linkStaysInside(name, text)) return { name, ...linkLeads }
    const sha256 = Buffer.from(hasher.sha256(target)).toString('hex')
    // A link is made once, never written to: another one has another inode, or another time.
    return {
      content: { kind: 'link', sha256, size: target.length, executable: false },
      mtimeMs: mtimeMsOf(stats),
      fingerprint: fingerprintOf(stats),
    }
  }
}
