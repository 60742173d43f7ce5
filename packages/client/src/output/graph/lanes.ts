import { Row } from './row.js'

/** A line that runs down from a version to one that it covers. */
export interface Lane {
  /** Id of the version to which it leads; undefined for a column that just became free. */
  readonly awaits: string | undefined
  readonly colour: number
  /** `seq` of the only child, where that has no other parent: tells whether versions between are missing. */
  readonly childSeq: number | undefined
}

const free: Lane = { awaits: undefined, colour: 0, childSeq: undefined }

/**
 * The lanes that are open between two versions of a history, left to right. No two lead to the same version.
 * Each change returns the rows that show it: lanes only ever move right to make room for the parents of a
 * version, and left to close a gap or to join the lane that leads to the same version, as in `git log --graph`.
 */
export class Lanes {
  #lanes: Lane[] = []
  #colour = 0

  get count(): number {
    return this.#lanes.length
  }

  get open(): boolean {
    return this.#lanes.some(({ awaits }) => awaits !== undefined)
  }

  at(column: number): Lane {
    return this.#lanes[column] ?? free
  }

  /** Column of the lane that leads to a version; −1 where there is none. */
  columnOf(versionId: string): number {
    return this.#lanes.findIndex(({ awaits }) => awaits === versionId)
  }

  /**
   * A column for a version that nothing covers: never the one where a history has just ended, or the two
   * would look like one. Beyond `columnsMax` free columns are used again.
   */
  begin(versionId: string, columnsMax: number, justEnded: number): number {
    const lane = { awaits: versionId, colour: this.#nextColour(), childSeq: undefined }
    const reusable =
      this.#lanes.length < columnsMax
        ? -1
        : this.#lanes.findIndex((lane, column) => lane.awaits === undefined && column !== justEnded)
    if (reusable >= 0) {
      this.#lanes[reusable] = lane
      return reusable
    }
    return this.#lanes.push(lane) - 1
  }

  /** The lane goes no further; its column stays free until `closeGaps`. */
  finish(column: number): void {
    this.#lanes[column] = free
  }

  /** Puts lanes to the parents of a version into its column and, for more than one, to the right of it. */
  fork(column: number, parents: readonly string[], childSeq: number | undefined): void {
    const lanes = parents.map((awaits, index) => ({
      awaits,
      childSeq,
      colour: index === 0 ? this.at(column).colour : this.#nextColour(),
    }))
    this.#lanes.splice(column, 1, ...lanes)
  }

  /** All lanes as they are. */
  row(): Row {
    return this.#drawn((lane, index, row) => row.set(2 * index, '|', lane.colour))
  }

  /** All lanes, with `sign` in one column; those to the right of it `shift` columns beyond their own. */
  rowWith(column: number, sign: string, shift = 0): Row {
    return this.#drawn((lane, index, row) => {
      const position = 2 * (index > column ? index + shift : index)
      row.set(position, index === column ? sign : '|', lane.colour)
    })
  }

  /**
   * Lanes to the right of `column`, which are `shift` columns beyond their own, on their way one further.
   * `begun`: the line in `column` comes from above.
   */
  makeRoom(column: number, shift: number, begun: boolean): Row {
    return this.#drawn((lane, index, row) => {
      if (index > column) row.set(2 * (index + shift) + 1, '\\', lane.colour)
      else if (index < column || begun) row.set(2 * index, '|', lane.colour)
    })
  }

  /** After `fork`: the lanes leave their version, and those to the right make the last step. */
  spread(column: number): Row {
    return this.#drawn((lane, index, row) => {
      if (index <= column) row.set(2 * index, '|', lane.colour)
      else row.set(2 * index - 1, '\\', lane.colour)
    })
  }

  /** Lanes that lead to the same version become one: the leftmost. */
  join(): Row[] {
    const rows: Row[] = []
    const columns = new Map<string, number>()
    for (let column = 0; column < this.#lanes.length; ) {
      const lane = this.at(column)
      const target = lane.awaits === undefined ? undefined : columns.get(lane.awaits)
      if (target === undefined) {
        if (lane.awaits !== undefined) columns.set(lane.awaits, column)
        column++
        continue
      }
      rows.push(...this.#joinOne(column, target))
    }
    return rows
  }

  #joinOne(column: number, target: number): Row[] {
    const lane = this.at(column)
    const into = this.at(target)
    const first = this.#stepLeft(column)
    first.set(2 * column - 1, '/', lane.colour)
    // It passes below the lanes between, up to the neighbour of the one that it joins.
    for (let between = target + 1; between < column - 1; between++) {
      first.set(2 * between + 1, '_', lane.colour)
    }
    const childSeq =
      lane.childSeq === undefined || into.childSeq === undefined
        ? undefined
        : Math.min(lane.childSeq, into.childSeq)
    this.#lanes[target] = { ...into, childSeq }
    this.#lanes.splice(column, 1)
    if (target === column - 1) return [first]
    const second = this.row()
    second.set(2 * target + 1, '/', lane.colour)
    return [first, second]
  }

  /** Free columns go, and what is to the right of them moves left. */
  closeGaps(): Row[] {
    const rows: Row[] = []
    for (let column = this.#lanes.length - 1; column >= 0; column--) {
      if (this.at(column).awaits !== undefined) continue
      if (column < this.#lanes.length - 1) rows.push(this.#stepLeft(column))
      this.#lanes.splice(column, 1)
    }
    return rows
  }

  /** What is to the right of `column` on its way one column to the left; nothing at `column` itself. */
  #stepLeft(column: number): Row {
    return this.#drawn((lane, index, row) => {
      if (index < column) row.set(2 * index, '|', lane.colour)
      else if (index > column) row.set(2 * index - 1, '/', lane.colour)
    })
  }

  #drawn(draw: (lane: Lane, column: number, row: Row) => void): Row {
    const row = new Row()
    this.#lanes.forEach((lane, column) => {
      if (lane.awaits !== undefined) draw(lane, column, row)
    })
    return row
  }

  #nextColour(): number {
    return this.#colour++
  }
}
