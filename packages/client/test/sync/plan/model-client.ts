import { planNames } from '../../../src/sync/plan/plan.js'
import type { Plan, Step } from '../../../src/sync/plan/step.js'
import {
  type Content,
  folderContent,
  isFolderName,
  type LocalEntry,
  otherType,
  parentOf,
  sameContent,
} from '../../../src/sync/trees/entry.js'
import { TreeWorld } from '../../../src/sync/trees/world.js'
import type { ModelStore } from './model-store.js'
import { stepText } from './step-text.js'

/** A folder, a journal and the planner, on a store that is only a model. Throws where a step would lose something. */
export class ModelClient {
  readonly local = new Map<string, LocalEntry>()
  readonly world = new TreeWorld()
  readonly #store: ModelStore
  readonly #dirty = new Set<string>()
  #writes = 0
  #passes = 0

  constructor(store: ModelStore) {
    this.#store = store
  }

  /** As a user does: what is in the way goes. */
  userWrite(name: string, content: Content): void {
    const parent = parentOf(name)
    if (parent !== undefined && !this.local.has(parent)) this.userWrite(parent, folderContent)
    if (isFolderName(name) && this.local.has(name)) return
    this.userRemove(otherType(name))
    this.#put(name, content)
  }

  userRemove(name: string): void {
    for (const each of [...this.local.keys()]) {
      if (each === name || (isFolderName(name) && each.startsWith(name))) this.local.delete(each)
    }
  }

  userRename(from: string, to: string): void {
    const moved = [...this.local].filter(
      ([each]) => each === from || (isFolderName(from) && each.startsWith(from)),
    )
    if (moved.length === 0 || to.startsWith(from) || from.startsWith(to)) return
    this.userRemove(from)
    for (const [each, { content }] of moved) this.userWrite(to + each.slice(from.length), content)
  }

  /** One pass over what changed since the last. `meanwhile`: what others do between the look and the deeds. */
  pass(meanwhile: () => void = () => {}): Plan {
    this.#look()
    if (this.#passes === 0) for (const name of this.world.synced.names()) this.#dirty.add(name)
    this.#passes += 1
    const plan = planNames(this.#dirty, this.world)
    this.#dirty.clear()
    meanwhile()
    for (const step of plan.steps) {
      this.#dirty.add(step.name)
      this.#carryOut(step)
    }
    for (const name of plan.waiting) this.#dirty.add(name)
    return plan
  }

  /** What a plan for everything would be. */
  planAll(): Plan {
    this.#look()
    const { local, remote, synced } = this.world
    return planNames([...local.names(), ...remote.names(), ...synced.names()], this.world)
  }

  #look(): void {
    for (const name of new Set([...this.local.keys(), ...this.world.local.names()])) {
      const now = this.local.get(name)
      if (now?.fingerprint === this.world.local.get(name)?.fingerprint) continue
      this.world.setLocal(name, now)
      this.#dirty.add(name)
    }
    for (const name of this.#store.names()) this.#lookAt(name)
  }

  #lookAt(name: string): void {
    const entry = this.#store.entry(name)
    if (entry?.context === this.world.remote.get(name)?.context) return
    for (const each of this.world.setRemote(name, entry)) this.#dirty.add(each)
  }

  #carryOut(step: Step): void {
    const { name } = step
    const here = this.local.get(name)
    // What is here is not what the plan was made for: nothing happens, and the next pass sees it.
    if (here?.fingerprint !== this.world.local.get(name)?.fingerprint) return
    switch (step.does) {
      case 'upload': {
        this.#mayCover(step, step.context)
        const { id, token } = this.#store.write(name, step.local.content, step.context)
        this.world.setSynced(name, { ...step.local, versionId: id, context: token })
        break
      }
      case 'download':
        if (isFolderName(name) || here?.fingerprint !== step.expected)
          throw new Error(`wrong: ${stepText(step)}`)
        this.#mayLose(step, here)
        this.#arrive(step, step.head.content)
        break
      case 'makeFolder':
        this.#arrive(step, folderContent)
        break
      case 'removeLocal':
        this.#removeLocal(step, here)
        break
      case 'removeRemote':
        if (here !== undefined) throw new Error(`not deleted here: ${stepText(step)}`)
        if (this.world.synced.get(name) === undefined) throw new Error(`never synced: ${stepText(step)}`)
        this.#mayCover(step, step.context)
        this.#store.write(name, undefined, step.context)
        this.world.setSynced(name, undefined)
        break
      case 'adopt':
        this.world.setSynced(name, step.synced)
        break
      case 'forget':
        this.world.setSynced(name, undefined)
        break
      case 'resolve':
      case 'giveWay':
        for (const { head, conflictName } of step.losers) {
          this.#store.copyToConflictName(name, head, conflictName)
        }
        this.#store.write(
          name,
          step.does === 'resolve' ? step.winner.content : undefined,
          step.remote.context,
        )
        for (const { content } of step.remote.heads) {
          if (!isFolderName(name) && !this.#store.has(content)) throw new Error(`lost: ${stepText(step)}`)
        }
        break
    }
  }

  #removeLocal(step: Extract<Step, { does: 'removeLocal' }>, here: LocalEntry | undefined): void {
    const { name } = step
    if (here?.fingerprint !== step.expected) throw new Error(`wrong: ${stepText(step)}`)
    if (this.world.remote.get(name) !== undefined)
      throw new Error(`not deleted in the store: ${stepText(step)}`)
    if (this.world.synced.get(name) === undefined) throw new Error(`never synced: ${stepText(step)}`)
    const below = [...this.local.keys()].filter(each => each !== name && each.startsWith(name))
    if (isFolderName(name) && below.length > 0) {
      if (below.some(each => this.world.local.has(each))) throw new Error(`not empty: ${stepText(step)}`)
      return
    }
    this.#mayLose(step, here)
    this.local.delete(name)
    this.world.setSynced(name, undefined)
  }

  /** What a user did meanwhile may be in the way; what the plan knew of may not. */
  #arrive(step: Extract<Step, { does: 'download' | 'makeFolder' }>, content: Content): void {
    const { name } = step
    for (let path: string | undefined = name; path !== undefined; path = parentOf(path)) {
      const other = otherType(path)
      if (this.local.has(other)) {
        if (this.world.local.get(other)?.fingerprint !== this.local.get(other)?.fingerprint) return
        throw new Error(`${other} is in the way: ${stepText(step)}`)
      }
    }
    // As the folder does: what lies above is made with it.
    for (let path = parentOf(name); path !== undefined; path = parentOf(path)) {
      if (!this.local.has(path)) this.#put(path, folderContent)
    }
    const { fingerprint } = this.#put(name, content)
    const { head, context } = step
    this.world.setSynced(name, { content, fingerprint, versionId: head?.versionId, context })
  }

  #put(name: string, content: Content): LocalEntry {
    this.#writes += 1
    const entry = { content, mtimeMs: 0, fingerprint: `f${this.#writes}` }
    this.local.set(name, entry)
    return entry
  }

  /** What goes from here was in the store once. */
  #mayLose(step: Step, here: LocalEntry | undefined): void {
    if (here !== undefined && !isFolderName(step.name) && !this.#store.everHad(here.content)) {
      throw new Error(`what is here would be lost: ${stepText(step)}`)
    }
  }

  /** What a write replaces in the store is what this folder had. */
  #mayCover(step: Step, token: string): void {
    const synced = this.world.synced.get(step.name)
    for (const { content, versionId } of this.#store.replacedBy(step.name, token)) {
      const known =
        synced !== undefined && (synced.versionId === versionId || sameContent(synced.content, content))
      if (!known) throw new Error(`${versionId} was never seen here: ${stepText(step)}`)
    }
  }
}
