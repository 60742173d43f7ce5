import type { Deeds } from '@torc/client/test/sync/convergence/person'
import { sha256Of } from './bodies.js'
import type { Versions } from './store-look.js'

/** What one person did since the last time all was level. */
export interface Testimony {
  readonly name: string
  readonly deeds: Deeds
  /** Names under which something may have been replaced that nobody saw. */
  readonly blind: ReadonlySet<string>
}

/** What there is, now that all folders and the store are the same. */
export interface Evidence {
  readonly contents: ReadonlyMap<string, string>
  readonly versions: ReadonlyMap<string, Versions>
  /** `NAME ID` of all versions that the feed told. */
  readonly told: ReadonlySet<string>
  /** Names that some folder had since the last time. */
  readonly ever: ReadonlySet<string>
  readonly testimonies: readonly Testimony[]
}

/** Also what a file holds that is written in place, for a moment. */
const empty = ''
const linkTarget = 'b.txt'

/**
 * Says what is wrong with what there is: contents that nobody wrote, texts that are gone though nobody who saw them took them
 * away, names that are gone though nobody took them away, versions that the store had and has not any more.
 */
export class Judge {
  /** Texts that anybody ever wrote, by their hash. */
  readonly #written = new Map<string, string>([empty, linkTarget].map(text => [sha256Of(text), text]))
  readonly #hashes = new Map<string, string>()
  /** What was there when all was level last. */
  #names = new Set<string>()
  #texts = new Set<string>()
  #versions: ReadonlyMap<string, Versions> = new Map()

  /** To be told before anything that was written is judged. */
  learn({ written }: Deeds): void {
    for (const text of written) this.#written.set(this.#hash(text), text)
  }

  /** Contents that are no text that somebody wrote: files that are not whole, or of two halves. */
  halves(contents: Iterable<readonly [name: string, words: string]>): string[] {
    const problems: string[] = []
    for (const [name, words] of contents) {
      const hash = hashIn(words)
      if (hash !== undefined && !this.#written.has(hash)) problems.push(`${name} holds what nobody wrote`)
    }
    return problems
  }

  judge(evidence: Evidence): string[] {
    for (const { deeds } of evidence.testimonies) this.learn(deeds)
    const problems = [
      ...this.#halfVersions(evidence),
      ...this.#lostTexts(evidence),
      ...this.#lostNames(evidence),
      ...this.#lostVersions(evidence),
      ...this.#unknownToHistory(evidence),
    ]
    this.#names = new Set(evidence.contents.keys())
    this.#texts = new Set(this.#textsOf(evidence.contents.values()))
    this.#versions = evidence.versions
    return problems
  }

  #halfVersions({ versions }: Evidence): string[] {
    return [...versions].flatMap(([name, all]) =>
      this.halves([...all].map(([id, words]) => [`version ${id} of ${name}`, words])),
    )
  }

  #lostTexts({ contents, testimonies, versions }: Evidence): string[] {
    const live = new Set(this.#textsOf(contents.values()))
    const gone = new Set(testimonies.flatMap(({ deeds }) => [...deeds.destroyed]))
    const unseen = new Set<string>()
    for (const name of testimonies.flatMap(({ blind }) => [...blind]))
      for (const text of this.#textsOf(versions.get(name)?.values() ?? [])) unseen.add(text)
    const wanted = new Set([...this.#texts, ...testimonies.flatMap(({ deeds }) => [...deeds.written])])
    return [...wanted]
      .filter(text => text !== empty && text !== linkTarget)
      .filter(text => !live.has(text) && !gone.has(text) && !unseen.has(text))
      .map(text => `"${text}" is lost: it is in no folder, and nobody who saw it took it away`)
  }

  #lostNames({ contents, testimonies, ever }: Evidence): string[] {
    const removed = new Set(testimonies.flatMap(({ deeds }) => [...deeds.removed]))
    const all = new Set([...this.#names, ...ever])
    return [...all]
      .filter(name => !contents.has(name) && !removed.has(name))
      .filter(name => !gaveWay(name, all, contents))
      .map(name => `${name} is gone, and nobody took it away`)
  }

  #lostVersions({ versions, told }: Evidence): string[] {
    const before = [...this.#versions].flatMap(([name, all]) => [...all.keys()].map(id => `${name} ${id}`))
    return [...new Set([...before, ...told])].flatMap(each => {
      const space = each.lastIndexOf(' ')
      const [name, id] = [each.slice(0, space), each.slice(space + 1)]
      return versions.get(name)?.has(id) ? [] : [`version ${id} of ${name} is no longer in the history`]
    })
  }

  /** What somebody else saw went through the store: it has it for good. */
  #unknownToHistory({ versions, testimonies }: Evidence): string[] {
    const stored = new Set([...versions.values()].flatMap(all => this.#textsOf(all.values())))
    return testimonies.flatMap(({ name, deeds }) =>
      [...deeds.destroyed]
        .filter(text => text !== empty && text !== linkTarget && this.#written.has(this.#hash(text)))
        .filter(text => !deeds.written.has(text) && !isOf(name, text) && !stored.has(text))
        .map(text => `"${text}" was in the folder of ${name}, and is not in the history`),
    )
  }

  #textsOf(words: Iterable<string>): string[] {
    return [...words].flatMap(each => this.#written.get(hashIn(each) ?? '') ?? [])
  }

  #hash(text: string): string {
    const known = this.#hashes.get(text) ?? sha256Of(text)
    this.#hashes.set(text, known)
    return known
  }
}

/** The person's own text, who wrote it before all was level last. */
function isOf(person: string, text: string): boolean {
  return text.replace(/^large /, '').startsWith(`${person} `)
}

/** A file gives way to a folder of its name: then it is, or was, beside it as a conflict copy. */
function gaveWay(name: string, all: ReadonlySet<string>, contents: ReadonlyMap<string, string>): boolean {
  const aside = `${name.replace(/\.[^/.]*$/, '')}.conflict-`
  return [...all, ...contents.keys()].some(each => each.startsWith(aside))
}

function hashIn(words: string): string | undefined {
  return /^(?:file|link) (\S+)/.exec(words)?.[1]
}
