/**
 * Stages of the change to a layout (DESIGN §6): 1 = old and new owners are written to, old ones are read; 2 = both are
 * written to, new ones are read; 3 = only the new ones.
 */
export type Stage = 1 | 2 | 3

export const stages = { readOld: 1, readNew: 2, settled: 3 } as const

/** A number from the wire or the disk, which a validator has held to 1 … 3. */
export function stageOf(number: number): Stage {
  return number === stages.readOld || number === stages.readNew ? number : stages.settled
}

/** Where a node is in the order of layouts and their stages. */
export interface StagedNumber {
  readonly number: number
  readonly stage: Stage
}

/** Negative when `a` comes before `b`. */
export function compareStaged(a: StagedNumber, b: StagedNumber): number {
  return a.number - b.number || a.stage - b.stage
}
