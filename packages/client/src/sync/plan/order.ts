import { isFolderName, otherType, parentOf } from '../trees/entry.js'
import { fold } from '../trees/fold.js'
import type { Step } from './step.js'

/**
 * Steps in the order in which they are carried out, in stages: those of one stage do not need each other. First what makes
 * room for another type (or other letters' case) of the same name, on this machine and for whoever looks at the store;
 * then conflicts, folders from the top down, contents, and what goes: files, folders from the bottom up, and names that
 * are gone already.
 */
export function inStages(steps: Iterable<Step>): readonly (readonly Step[])[] {
  const all = [...steps]
  const isInTheWay = roomFor(all)
  const stages = new Map<number, Step[]>()
  for (const step of all) {
    const stage = stageOf(step, isInTheWay)
    const others = stages.get(stage)
    if (others === undefined) stages.set(stage, [step])
    else others.push(step)
  }
  return [...stages]
    .sort(([a], [b]) => a - b)
    .map(([, stage]) => stage.sort((a, b) => compareText(a.name, b.name)))
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** More than any path has parts: a key has at most 1024 bytes. */
const depthMax = 2048
const ranks = {
  room: 0,
  roomInFolders: 1,
  conflicts: 2,
  folders: 3,
  contents: 4,
  removals: 5,
  removedFolders: 6,
  forgotten: 7,
} as const

function stageOf(step: Step, isInTheWay: (step: Step) => boolean): number {
  const folder = isFolderName(step.name)
  const depth = folder ? step.name.split('/').length : 0
  const stage = (rank: keyof typeof ranks, deepestFirst = false): number =>
    ranks[rank] * depthMax + (deepestFirst ? depthMax - 1 - depth : depth)
  switch (step.does) {
    case 'resolve':
    case 'giveWay':
      return ranks.conflicts * depthMax
    case 'makeFolder':
    case 'upload':
    case 'download':
    case 'adopt':
      return folder ? stage('folders') : stage('contents')
    case 'removeLocal':
    case 'removeRemote':
      if (isInTheWay(step)) return folder ? stage('roomInFolders', true) : stage('room')
      return folder ? stage('removedFolders', true) : stage('removals')
    case 'forget':
      return stage('forgotten')
  }
}

function sideOf<T>(does: Step['does'], sides: { readonly here: T; readonly there: T }): T | undefined {
  if (does === 'download' || does === 'makeFolder') return sides.here
  return does === 'upload' ? sides.there : undefined
}

/** Whether a removal makes room on its side for something that comes to the same path, or to one above it. */
function roomFor(steps: readonly Step[]): (step: Step) => boolean {
  const arriving = { here: new Map<string, string>(), there: new Map<string, string>() }
  for (const { does, name } of steps) {
    const side = sideOf(does, arriving)
    // The folders above come with it, where they have no step of their own.
    for (let path: string | undefined = side && name; path !== undefined; path = parentOf(path)) {
      side?.set(fold(path), path)
    }
  }
  return ({ does, name }) => {
    const side = does === 'removeLocal' ? arriving.here : arriving.there
    for (let path: string | undefined = name; path !== undefined; path = parentOf(path)) {
      if (side.has(fold(otherType(path)))) return true
      const twin = side.get(fold(path))
      if (twin !== undefined && twin !== path) return true
    }
    return false
  }
}
