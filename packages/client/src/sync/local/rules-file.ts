import { readFile, stat } from 'node:fs/promises'
import { TorcError } from '@torc/protocol/errors'
import { type FolderRoot, isAbsent } from './folder-root.js'
import { IgnoreRules, ignoreFileName } from './ignore-rules.js'

const fileBytesMax = 1024 * 1024

/** `.torcignore` of a folder. Where it can't be read nothing is scanned, since what it hides would be sent. */
export class RulesFile {
  readonly #path: string
  #current = new IgnoreRules('')

  constructor(root: FolderRoot) {
    this.#path = root.absolute(ignoreFileName)
  }

  get current(): IgnoreRules {
    return this.#current
  }

  /** Reads it anew: it is short, and its times alone would not show two writes in one tick of the clock. */
  async refresh(): Promise<IgnoreRules> {
    const text = await this.#read()
    if (text !== this.#current.text) this.#current = new IgnoreRules(text)
    return this.#current
  }

  async #read(): Promise<string> {
    try {
      const stats = await stat(this.#path)
      if (!stats.isFile()) return ''
      if (stats.size <= fileBytesMax) return await readFile(this.#path, 'utf8')
    } catch (error) {
      if (isAbsent(error)) return ''
      throw error
    }
    throw new TorcError('CONFIG', `${this.#path} is too large for a list of rules`)
  }
}
