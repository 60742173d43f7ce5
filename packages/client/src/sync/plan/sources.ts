import { type LocalEntry, sameBytes } from '../trees/entry.js'
import type { Step } from './step.js'
import type { World } from './world.js'

/** Names that are looked at for a source: thousands may have the same bytes. */
const triesMax = 16

type Uploads = Extract<Step, { does: 'upload' }>
type Downloads = Extract<Step, { does: 'download' }>

/**
 * Where the bytes of uploads and downloads are already, so that none move: under the name itself where only who may execute it
 * changed, else under a name that goes on that side (a move), else under any. Of names that go each is given once while
 * there are others, so that a plan shows which of its removals are one half of a move.
 */
export class Sources {
  readonly #world: World
  readonly #goes: (name: string) => Step | undefined
  readonly #moved = {
    upload: new Map<string, Iterator<string>>(),
    download: new Map<string, Iterator<string>>(),
  }

  /** `goes` answers the step for a name. */
  constructor(world: World, goes: (name: string) => Step | undefined) {
    this.#world = world
    this.#goes = goes
  }

  withSource(step: Step): Step {
    if (step.does === 'upload') return this.#upload(step)
    if (step.does === 'download') return this.#download(step)
    return step
  }

  #upload(step: Uploads): Step {
    const { content } = step.local
    if (content.kind === 'folder') return step
    const name = this.#pick('upload', step.name, content.sha256, this.#world.namesSynced(content.sha256))
    const synced = name === undefined ? undefined : this.#world.triple(name).synced
    if (name === undefined || synced?.versionId === undefined || !sameBytes(synced.content, content))
      return step
    return { ...step, from: { name, versionId: synced.versionId } }
  }

  #download(step: Downloads): Step {
    const { content } = step.head
    if (content.kind === 'folder') return step
    const name = this.#pick('download', step.name, content.sha256, this.#world.namesHere(content.sha256))
    const local: LocalEntry | undefined = name === undefined ? undefined : this.#world.triple(name).local
    if (name === undefined || local === undefined || !sameBytes(local.content, content)) return step
    return { ...step, from: { name, fingerprint: local.fingerprint } }
  }

  #pick(
    does: 'upload' | 'download',
    own: string,
    sha256: string,
    names: Iterable<string>,
  ): string | undefined {
    const { local, synced } = this.#world.triple(own)
    const ownContent = does === 'upload' ? synced?.content : local?.content
    if (ownContent?.sha256 === sha256) return own
    const removal = does === 'upload' ? 'removeRemote' : 'removeLocal'
    const moved = this.#moved[does].get(sha256) ?? names[Symbol.iterator]()
    this.#moved[does].set(sha256, moved)
    let any: string | undefined
    for (let tries = 0; tries < triesMax; tries += 1) {
      const { value, done } = moved.next()
      if (done === true) break
      if (this.#goes(value)?.does === removal) return value
      any ??= value
    }
    const [first] = names
    return any ?? first
  }
}
