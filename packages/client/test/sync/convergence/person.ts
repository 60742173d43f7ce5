import type { Random } from '@torc/protocol/environment/random'
import type { Gone, Workplace } from './workplace.js'

/** Paths that people of these tests use: few, so that they meet. One may be a file today and a folder tomorrow. */
const paths = ['a', 'b.txt', 'd/x', 'd/y', 'd/f/w', 'e/z', 'e', 'g']
const folders = ['d', 'e', 'd/f', 'g', 'h/i']

/** What a person did with a folder, for those who ask afterwards why something is gone. */
export interface Deeds {
  /** Paths that somebody removed, moved away or put something else in the place of. */
  readonly removed: Set<string>
  /** Texts that this person wrote. */
  readonly written: Set<string>
  /** Texts that this person saw, and overwrote or removed. */
  readonly destroyed: Set<string>
}

/** A person who works in a folder, at random. */
export class Person {
  readonly #name: string
  readonly #folder: Workplace
  readonly #random: Random
  readonly #deeds: Deeds
  readonly #textOf: (own: string) => string
  #writes = 0

  /** `textOf`: what is written instead of a short text that nobody else writes. */
  constructor(
    name: string,
    folder: Workplace,
    random: Random,
    deeds: Deeds,
    textOf: (own: string) => string = own => own,
  ) {
    this.#name = name
    this.#folder = folder
    this.#random = random
    this.#deeds = deeds
    this.#textOf = textOf
  }

  /** Does one thing; what it was, for the story of the run. */
  act(): string {
    const deed = this.#below(20)
    if (deed < 9) return this.#write(this.#any(paths))
    if (deed < 12) return this.remove()
    if (deed < 15) return this.#rename()
    if (deed < 16) return this.#makeFolder(this.#any(folders))
    if (deed < 17) return this.#touch()
    if (deed < 18) return this.#chmod()
    if (deed < 19) return this.#link(this.#any(paths))
    return this.#copy()
  }

  #write(path: string): string {
    // Now and then the same text as another one somewhere, so that contents meet too.
    const text =
      this.#below(6) === 0 ? `common ${this.#below(2)}` : this.#textOf(`${this.#name} ${++this.#writes}`)
    this.#clear(path)
    this.#save(path, text)
    return `write ${path} "${text}"`
  }

  #copy(): string {
    const from = this.#anyFile()
    const text = from === undefined ? undefined : this.#folder.userRead(from)
    if (text === undefined) return 'nothing'
    const path = this.#any(paths)
    this.#clear(path)
    this.#save(path, text)
    return `copy ${from} to ${path}`
  }

  #save(path: string, text: string): void {
    this.#deeds.written.add(text)
    try {
      this.#note(this.#folder.userWrite(path, text))
    } catch (thrown) {
      // It could not be done: nobody is sorry for the text.
      this.#deeds.destroyed.add(text)
      throw thrown
    }
  }

  #link(path: string): string {
    this.#clear(path)
    this.#note(this.#folder.userLink(path, 'b.txt'))
    return `link ${path}`
  }

  /** Something that is there, whatever it is. */
  remove(): string {
    const list = this.#folder.userList()
    if (list.length === 0) return 'nothing'
    const name = this.#any(list)
    this.#take(name)
    return `remove ${name}`
  }

  #rename(): string {
    const list = this.#folder.userList()
    if (list.length === 0) return 'nothing'
    const name = this.#any(list)
    const from = name.replace(/\/$/, '')
    const to = name.endsWith('/') ? this.#any(folders) : this.#any(paths)
    if (to === from || to.startsWith(`${from}/`) || from.startsWith(`${to}/`)) return 'nothing'
    this.#clear(to)
    if (name.endsWith('/') && this.#folder.userRead(to) !== undefined) this.#take(to)
    this.#note(this.#folder.userRename(from, to))
    return `rename ${from} to ${to}`
  }

  #makeFolder(path: string): string {
    if (this.#folder.userList().includes(`${path}/`)) return 'nothing'
    this.#clear(path)
    if (this.#folder.userRead(path) !== undefined) this.#take(path)
    this.#folder.userMakeFolder(path)
    return `make folder ${path}`
  }

  #touch(): string {
    const path = this.#anyFile()
    if (path === undefined) return 'nothing'
    this.#folder.userTouch(path)
    return `touch ${path}`
  }

  #chmod(): string {
    const path = this.#anyFile()
    if (path === undefined) return 'nothing'
    this.#folder.userChmod(path, this.#below(2) === 0)
    return `chmod ${path}`
  }

  /** Makes room for a file: what is in the place of its folders goes, and a folder in its own. */
  #clear(path: string): void {
    const parts = path.split('/')
    const list = new Set(this.#folder.userList())
    for (let depth = 1; depth < parts.length; depth++) {
      const prefix = parts.slice(0, depth).join('/')
      if (list.has(prefix)) this.#take(prefix)
    }
    if (list.has(`${path}/`)) this.#take(`${path}/`)
  }

  #take(name: string): void {
    this.#note(this.#folder.userRemove(name.replace(/\/$/, '')))
  }

  #note(gone: Gone): void {
    for (const [name, text] of gone) {
      this.#deeds.removed.add(name)
      if (text !== undefined) this.#deeds.destroyed.add(text)
    }
  }

  #anyFile(): string | undefined {
    const files = this.#folder.userList().filter(name => !name.endsWith('/'))
    return files.length === 0 ? undefined : this.#any(files)
  }

  #any<T>(items: readonly T[]): T {
    return items[this.#below(items.length)] as T
  }

  #below(count: number): number {
    return Math.floor(this.#random.fraction() * count)
  }
}
