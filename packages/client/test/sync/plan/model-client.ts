import { planNames } from '../../../src/sync/plan/plan.js'
import type { Plan, Step } from '../../../src/sync/plan/step.js'
import {
  type Content,
  folderContent,
  isFolderName,
  type LocalEntry,
  otherType,
  parentOf,
  sameBytes,
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

  /** One pass over what changed since the last; the plan says what it did. */
  pass(): Plan {
    this.#look()
    if (this.#passes === 0) for (const name of this.world.synced.names()) this.#dirty.add(name)
    this.#passes += 1
    const plan = planNames(this.#dirty, this.world)
    this.#dirty.clear()
    for (const step of plan.steps) {
      this.#dirty.add(step.name)
      this.#carryOut(step)
    }
    for (const name of plan.waiting) this.#dirty.add(name)
    for (const { name } of plan.problems) this.#dirty.add(name)
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
    const store = this.#store
    switch (step.does) {
      case 'upload': {
        if (here?.fingerprint !== step.local.fingerprint) throw new Error(`not here: ${stepText(step)}`)
        const { id, token } = store.write(name, here.content, step.context)
        this.world.setSynced(name, { ...here, versionId: id, context: token })
        break
      }
      case 'download':
        this.#mayReplace(step, here, step.expected)
        if (here !== undefined && isFolderName(name)) throw new Error(`not a file: ${stepText(step)}`)
        this.#arrive(step, step.head.content)
        break
      case 'makeFolder':
        this.#arrive(step, folderContent)
        break
      case 'removeLocal':
        this.#mayReplace(step, here, step.expected)
        if (store.entry(name) !== undefined) throw new Error(`not deleted in the store: ${stepText(step)}`)
        if (this.world.synced.get(name) === undefined) throw new Error(`never synced: ${stepText(step)}`)
        if (
          isFolderName(name) &&
          [...this.local.keys()].some(each => each !== name && each.startsWith(name))
        ) {
          throw new Error(`not empty: ${stepText(step)}`)
        }
        this.local.delete(name)
        this.world.setSynced(name, undefined)
        break
      case 'removeRemote':
        if (here !== undefined) throw new Error(`not deleted here: ${stepText(step)}`)
        if (this.world.synced.get(name) === undefined) throw new Error(`never synced: ${stepText(step)}`)
        store.write(name, undefined, step.context)
        this.world.setSynced(name, undefined)
        break
      case 'adopt':
        this.world.setSynced(name, step.synced)
        break
      case 'forget':
        this.world.setSynced(name, undefined)
        break
      case 'resolve':
        for (const { head, conflictName } of step.losers) store.copyToConflictName(name, head, conflictName)
        store.write(name, step.winner.content, step.remote.context)
        break
      case 'giveWay':
        for (const { head, conflictName } of step.losers) store.copyToConflictName(name, head, conflictName)
        store.write(name, undefined, step.remote.context)
        break
    }
    this.#checkSource(step)
  }

  #arrive(step: Extract<Step, { does: 'download' | 'makeFolder' }>, content: Content): void {
    const { name } = step
    for (let path: string | undefined = name; path !== undefined; path = parentOf(path)) {
      if (this.local.has(otherType(path)))
        throw new Error(`${otherType(path)} is in the way: ${stepText(step)}`)
      // As the folder does: what lies above is made with it.
      if (path !== name && !this.local.has(path)) this.#put(path, folderContent)
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

  #mayReplace(step: Step, here: LocalEntry | undefined, expected: string | undefined): void {
    if (here?.fingerprint !== expected) throw new Error(`something else is here: ${stepText(step)}`)
    if (here !== undefined && !isFolderName(step.name) && !this.#store.everHad(here.content)) {
      throw new Error(`what is here would be lost: ${stepText(step)}`)
    }
  }

  #checkSource(step: Step): void {
    if (step.does === 'upload' && step.from !== undefined) {
      if (!this.#store.everHad(step.local.content)) throw new Error(`no such source: ${stepText(step)}`)
    }
    if (step.does === 'download' && step.from !== undefined) {
      const known = this.world.local.get(step.from.name)
      if (!known || !sameBytes(known.content, step.head.content))
        throw new Error(`no such source: ${stepText(step)}`)
    }
  }
}
