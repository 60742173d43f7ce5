import { rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Fingerprint } from '../trees/entry.js'
import type { Aside, AsideFiles } from './aside.js'
import { moveIntoPlace } from './aside.js'
import type { OnStep } from './change-steps.js'
import { fingerprintOf, looksLike, looksLikeMoved } from './fingerprint.js'
import { type FolderRoot, isAbsent, lookAt } from './folder-root.js'
import { findParent, makeParent } from './parents.js'
import type { TemporaryFile } from './temporary-file.js'

/** A name in the folder that is about to change. */
export interface Place {
  readonly name: string
  readonly parts: readonly string[]
}

/**
 * Puts files under their names and takes them away, so that nothing is lost that somebody does in the same moment: what
 * is replaced goes aside by a rename first, and only there, where nobody else looks for it, it is compared.
 */
export class Changes {
  readonly #root: FolderRoot
  readonly #asides: AsideFiles
  readonly #onStep: OnStep

  constructor(root: FolderRoot, asides: AsideFiles, onStep: OnStep) {
    this.#root = root
    this.#asides = asides
    this.#onStep = onStep
  }

  /** False where the name is not what was expected, and then all is as it was. The temporary file is taken or left. */
  async place(temporary: TemporaryFile, place: Place, expected: Fingerprint | undefined): Promise<boolean> {
    const { name, parts } = place
    const folder = await makeParent(this.#root, parts)
    const path = `${folder}/${parts.at(-1)}`
    const aside = expected === undefined ? undefined : await this.#takeAside(path, place, expected)
    if (aside === 'changed' || aside === 'gone') return false
    let how: 'placed' | 'taken' | 'astray' = 'astray'
    try {
      this.#onStep('place', name)
      how = await this.#moveHere(temporary, path, parts)
    } finally {
      // The disk is full, or the folder went: the old one stays under its name.
      if (how === 'astray' && aside !== undefined) await this.#asides.putBack(aside)
    }
    // Somebody else's file is there. The old one is what the store has: nobody misses it.
    if (how === 'taken' && aside !== undefined) await this.#asides.drop(aside)
    if (how !== 'placed') return false
    await this.#root.flush(folder)
    this.#onStep('clear', name)
    return aside === undefined || (await this.#clear(aside, path, temporary))
  }

  async remove(place: Place, expected: Fingerprint): Promise<'removed' | 'changed'> {
    const folder = await findParent(this.#root, place.parts)
    if (folder === undefined) return 'removed'
    const path = `${folder}/${place.parts.at(-1)}`
    const aside = await this.#takeAside(path, place, expected)
    if (aside === 'changed') return 'changed'
    if (aside === 'gone') return 'removed'
    this.#onStep('clear', place.name)
    // Somebody may have had it open, and written to it since.
    if (await this.#asides.isExpected(aside)) await this.#asides.drop(aside)
    else {
      await this.#asides.putBack(aside)
      return 'changed'
    }
    await this.#root.flush(folder)
    return 'removed'
  }

  /** Takes what is at the path aside; where that is not what was expected, it goes back. */
  async #takeAside(
    path: string,
    { name, parts }: Place,
    expected: Fingerprint,
  ): Promise<Aside | 'changed' | 'gone'> {
    const stats = await lookAt(path)
    if (stats === undefined) return 'gone'
    if (stats.isDirectory() || !looksLike(stats, expected)) return 'changed'
    this.#onStep('aside', name)
    const aside = await this.#asides.take(path, parts, expected)
    if (aside === undefined) return 'gone'
    this.#onStep('compare', name)
    if (await this.#asides.isExpected(aside)) return aside
    this.#onStep('back', name)
    if (await this.#cameFromElsewhere(aside, path)) return 'changed'
    await this.#asides.putBack(aside)
    return 'changed'
  }

  /** A link took the place of a folder on the way just before, and what it led to was taken: it goes back there. */
  async #cameFromElsewhere(aside: Aside, path: string): Promise<boolean> {
    if ((await findParent(this.#root, aside.parts)) !== undefined) return false
    if ((await lookAt(dirname(path))) === undefined || !(await moveIntoPlace(aside.path, path))) return false
    await this.#asides.drop(aside)
    return true
  }

  /** `astray`: the folder is not there any more, or a link took the place of one on the way, and led elsewhere. */
  async #moveHere(
    temporary: TemporaryFile,
    path: string,
    parts: readonly string[],
  ): Promise<'placed' | 'taken' | 'astray'> {
    try {
      if (!(await moveIntoPlace(temporary.path, path))) return 'taken'
    } catch (error) {
      if (isAbsent(error)) return 'astray'
      throw error
    }
    const there = await lookAt(path)
    if (there?.ino !== temporary.stats.ino || (await findParent(this.#root, parts)) !== undefined)
      return 'placed'
    await unlink(path)
    return 'astray'
  }

  /**
   * The old one goes. Somebody who had it open may have written to it after it went aside: then it takes the place of the
   * new one, which the store has, and the next scan sees an edit.
   */
  async #clear(aside: Aside, path: string, temporary: TemporaryFile): Promise<boolean> {
    if (!(await this.#asides.isExpected(aside))) {
      const there = await lookAt(path)
      if (there !== undefined && looksLikeMoved(there, fingerprintOf(temporary.stats))) {
        await rename(aside.path, path)
        await this.#asides.drop(aside)
      } else {
        await this.#asides.putBack(aside)
      }
      return false
    }
    await this.#asides.drop(aside)
    return true
  }
}
