import { isFolderName, parentOf } from '../trees/entry.js'
import { compareText } from './order.js'
import type { Problem } from './step.js'
import type { World } from './world.js'

/** What the plan makes of a name. */
export interface Futures {
  /** It is on one of the sides at the end of the plan. */
  lives(name: string): boolean
  /** The plan has nothing to do for it. */
  isSettled(name: string): boolean
}

/**
 * Names that differ only in their letters' case or Unicode form are one on some machines: only one of them is synced, the
 * one that is already, else the one that the store has, else the first. What lies below a folder that isn't synced isn't either.
 */
export class Twins {
  readonly #world: World
  readonly #futures: Futures
  /** By path: the path that is synced in its stead; undefined: it may be. */
  readonly #rivals = new Map<string, string | undefined>()
  /** By name: paths that are one on some machines, with its own; none where it is alone. */
  readonly #groups = new Map<string, readonly string[]>()

  constructor(world: World, futures: Futures) {
    this.#world = world
    this.#futures = futures
  }

  /** Why a name is not synced, told of the topmost folder that isn't. */
  problem(name: string): Problem | undefined {
    const parent = parentOf(name)
    const above = parent === undefined ? undefined : this.problem(parent)
    if (above !== undefined) return above
    const rival = this.#rival(name)
    if (rival === undefined) return undefined
    return {
      name,
      message: `its name differs from that of ${JSON.stringify(rival)} only in the case or the Unicode form of letters, and only that one is synced`,
      hint: 'Rename one of them: on some machines they would be the same file.',
    }
  }

  /** Names for which another answer may be due with this plan, since a twin comes or goes. */
  unsettledBy(name: string): readonly string[] {
    const twins = this.#twins(name)
    if (twins.length < 2) return none
    const winner = this.#winner(twins)
    const settled =
      winner !== undefined &&
      twins.every(path => this.#lives(path)) &&
      types(winner).every(each => this.#futures.isSettled(each))
    if (settled) return none
    return twins
      .flatMap(types)
      .flatMap(each => [each, ...(isFolderName(each) ? this.#world.below(each) : [])])
  }

  #rival(name: string): string | undefined {
    const path = pathOf(name)
    if (!this.#rivals.has(path)) {
      const twins = this.#twins(name)
      const winner = twins.length < 2 ? undefined : this.#winner(twins)
      this.#rivals.set(path, winner === path ? undefined : winner)
    }
    return this.#rivals.get(path)
  }

  #twins(name: string): readonly string[] {
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const found = this.#findTwins(name)
    this.#groups.set(name, found)
    return found
  }

  #findTwins(name: string): readonly string[] {
    const parent = parentOf(name)
    const names = this.#world.sameFold(name).filter(each => parentOf(each) === parent)
    return names.length < 2 ? none : [...new Set([pathOf(name), ...names.map(pathOf)])]
  }

  #winner(paths: readonly string[]): string | undefined {
    const living = paths.filter(path => this.#lives(path)).sort(compareText)
    const has = (side: 'synced' | 'remote'): string | undefined =>
      living.find(path => types(path).some(name => this.#world.triple(name)[side] !== undefined))
    return has('synced') ?? has('remote') ?? living[0]
  }

  #lives(path: string): boolean {
    return types(path).some(name => this.#futures.lives(name))
  }
}

const none: readonly string[] = []

function pathOf(name: string): string {
  return isFolderName(name) ? name.slice(0, -1) : name
}

function types(path: string): readonly [string, string] {
  return [path, `${path}/`]
}
