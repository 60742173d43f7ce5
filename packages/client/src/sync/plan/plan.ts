import { limits } from '@torc/protocol/limits'
import { isFolderName, otherType, parentOf } from '../trees/entry.js'
import { decideFile } from './decide-file.js'
import { decideFolder } from './decide-folder.js'
import { nameProblem } from './names.js'
import { compareText, inStages } from './order.js'
import { Sources } from './sources.js'
import type { Plan, Problem, Step } from './step.js'
import { Twins } from './twins.js'
import type { World } from './world.js'

export interface PlanOptions {
  /** What the prefix leaves of a key's length. */
  readonly nameBytesMax?: number | undefined
}

/**
 * What to do for these names, which changed on one of the sides or were not done with. A name that gets a step, or waits, is to
 * be planned again after it, until it gets none. Folders that they lie in are planned with them, and what lies in folders
 * that go. The same trees and names give the same plan, in whatever order the names come.
 */
export function planNames(names: Iterable<string>, world: World, options: PlanOptions = {}): Plan {
  return new Planning(world, options.nameBytesMax ?? limits.keyBytesMax).plan(names)
}

class Planning {
  readonly #world: World
  readonly #nameBytesMax: number
  readonly #decided = new Map<string, Step | undefined>()
  readonly #keptHere = new Map<string, boolean>()
  readonly #keptThere = new Map<string, boolean>()
  readonly #twins: Twins

  constructor(world: World, nameBytesMax: number) {
    this.#world = world
    this.#nameBytesMax = nameBytesMax
    this.#twins = new Twins(world, {
      lives: name => this.#staysHere(name) || this.#staysThere(name),
      isSettled: name => this.#decide(name) === undefined,
    })
  }

  plan(names: Iterable<string>): Plan {
    const problems = new Map<string, Problem>()
    const steps: Step[] = []
    const waiting: string[] = []
    for (const name of [...this.#closure(names)].sort(compareText)) {
      const step = this.#decide(name)
      const problem = this.#problem(name)
      if (problem !== undefined) problems.set(problem.name, problem)
      if (step === undefined) continue
      if (problem !== undefined || this.#mustWait(step)) waiting.push(name)
      else steps.push(step)
    }
    const sources = new Sources(this.#world, name => this.#decide(name))
    const stages = inStages(steps.map(step => sources.withSource(step)))
    const byName = [...problems.values()].sort((a, b) => compareText(a.name, b.name))
    return { steps: stages.flat(), waiting, problems: byName }
  }

  /** The names, and those of which the answer depends on what becomes of them. */
  #closure(names: Iterable<string>): Set<string> {
    const all = new Set<string>()
    const waiting: Iterator<string>[] = [names[Symbol.iterator]()]
    for (let iterator = waiting.at(-1); iterator !== undefined; iterator = waiting.at(-1)) {
      const { value: name, done } = iterator.next()
      if (done === true) {
        waiting.pop()
        continue
      }
      if (all.has(name)) continue
      all.add(name)
      if (nameProblem(name, this.#nameBytesMax) !== undefined) continue
      const parent = parentOf(name)
      if (parent !== undefined) waiting.push([parent][Symbol.iterator]())
      const step = this.#decide(name)
      if (step?.does === 'removeLocal') waiting.push(this.#world.childrenHere(name)[Symbol.iterator]())
      if (step?.does === 'removeRemote') waiting.push(this.#world.childrenThere(name)[Symbol.iterator]())
      waiting.push(this.#twins.unsettledBy(name)[Symbol.iterator]())
    }
    return all
  }

  /** The step for a name on its own: whether it has to wait, or may not be at all, is not asked yet. */
  #decide(name: string): Step | undefined {
    return remembered(this.#decided, name, () => this.#stepFor(name))
  }

  #stepFor(name: string): Step | undefined {
    const world = this.#world
    const triple = world.triple(name)
    if (nameProblem(name, this.#nameBytesMax) !== undefined || world.unseen(name)) return undefined
    if (world.ignored(name)) return triple.synced && { does: 'forget', name, why: 'ignored' }
    const nameBytesMax = this.#nameBytesMax
    if (!isFolderName(name)) {
      return decideFile(name, triple, { folderThere: () => this.#staysThere(`${name}/`), nameBytesMax })
    }
    return decideFolder(name, triple, {
      staysHere: () => this.#anyStaysHere(name),
      staysThere: () => this.#anyStaysThere(name),
      nameBytesMax,
    })
  }

  /** Of a name that is somewhere at the end of the plan: what goes is in nobody's way. */
  #problem(name: string): Problem | undefined {
    const { local, remote } = this.#world.triple(name)
    if (this.#world.ignored(name)) return undefined
    const problem = nameProblem(name, this.#nameBytesMax)
    if (problem !== undefined) return local || remote ? { name, ...problem } : undefined
    if (!this.#staysHere(name) && !this.#staysThere(name)) return undefined
    return this.#twins.problem(name)
  }

  /** The name is on this machine when all is done. */
  #staysHere(name: string): boolean {
    const step = this.#decide(name)
    if (step?.does === 'download' || step?.does === 'makeFolder') return true
    if (step?.does === 'removeLocal') return false
    return this.#world.unseen(name) || this.#world.triple(name).local !== undefined
  }

  /** The name is in the store when all is done: an implied folder is where something below it is. */
  #staysThere(name: string): boolean {
    const step = this.#decide(name)
    if (step?.does === 'upload') return true
    if (step?.does === 'removeRemote') return false
    const { remote } = this.#world.triple(name)
    if (remote === undefined) return false
    return remote.heads.length > 0 || this.#anyStaysThere(name)
  }

  #anyStaysHere(folder: string): boolean {
    return remembered(this.#keptHere, folder, () => {
      if (this.#world.unseenBelow(folder)) return true
      for (const child of this.#world.childrenHere(folder)) {
        if (this.#staysHere(child) || (isFolderName(child) && this.#anyStaysHere(child))) return true
      }
      return false
    })
  }

  #anyStaysThere(folder: string): boolean {
    return remembered(this.#keptThere, folder, () => {
      for (const child of this.#world.childrenThere(folder)) if (this.#staysThere(child)) return true
      // What is to come there keeps the folder too.
      for (const child of this.#world.childrenHere(folder)) if (this.#staysThere(child)) return true
      return false
    })
  }

  /** Something of the other type is where it is to come, or above, and stays for now: a later pass has it out of the way. */
  #mustWait({ does, name }: Step): boolean {
    if (does !== 'download' && does !== 'makeFolder') return false
    if (this.#staysHere(otherType(name))) return true
    for (let folder = parentOf(name); folder !== undefined; folder = parentOf(folder)) {
      if (this.#staysHere(otherType(folder))) return true
    }
    return false
  }
}

/** Each answer is asked for many times, and none depends on itself: what is asked lies further below. */
function remembered<T>(answers: Map<string, T>, name: string, answer: () => T): T {
  if (answers.has(name)) return answers.get(name) as T
  const found = answer()
  answers.set(name, found)
  return found
}
