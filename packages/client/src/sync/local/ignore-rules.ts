import ignore, { type Ignore } from 'ignore'

/** Where people say what is not synced, at the top of the folder. */
export const ignoreFileName = '.torcignore'
/** Our own folder, at the top. Wherever the name is met below, it is that of another synced folder, and left alone. */
export const syncFolderName = '.torc-sync'

/** The library remembers each path that it was asked about: it starts anew after so many. */
const askedMax = 10_000
/** Names under which `torc get` writes what is not complete yet. */
const temporaryName = /^\..{1,64}\.[0-9a-f]{12}\.torc$/s

/** Names that are left alone on both sides: those that `.torcignore` tells (in gitignore's words), and ours. */
export class IgnoreRules {
  readonly text: string
  #rules: Ignore | undefined
  #asked = 0

  constructor(text: string) {
    this.text = text
  }

  /** `name` is a path below the folder; that of a folder ends with `/`. What is below an ignored folder is ignored too. */
  ignores(name: string): boolean {
    if (isOurs(name)) return true
    return this.text !== '' && name !== '' && this.#asking().ignores(name)
  }

  #asking(): Ignore {
    if (this.#rules === undefined || this.#asked >= askedMax) {
      this.#rules = ignore({ ignorecase: false, allowRelativePaths: true }).add(this.text)
      this.#asked = 0
    }
    this.#asked += 1
    return this.#rules
  }
}

function isOurs(name: string): boolean {
  // Most names are seen through at once.
  if (!name.includes('.torc')) return false
  const parts = name.split('/')
  return parts.includes(syncFolderName) || temporaryName.test(parts.at(-1) ?? '')
}
