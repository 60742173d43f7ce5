import type { HistoryEntry } from '@torc/protocol/store/object-store'
import { Lanes } from './lanes.js'
import { type Paint, type Row, unpainted } from './row.js'

export type GraphEntry = Pick<HistoryEntry, 'versionId' | 'kind' | 'seq' | 'parents'>

/** A line of the picture: the lanes and, beside them, a version or a remark. */
export interface GraphLine<E> {
  readonly lanes: string
  /** Positions that `lanes` takes on the screen. */
  readonly width: number
  readonly entry?: E
  readonly remark?: string
}

export interface GraphOptions {
  /** Columns that are drawn; what is to the right of them is cut off. */
  readonly columnsMax: number
  readonly paint?: Paint | undefined
}

const signs = { object: '*', marker: 'x' } as const
const missing = ':'

/**
 * Draws a history, newest version first and each after those that cover it. All that it keeps from one version
 * to the next are the open lanes, so a history may be as long as it likes.
 */
export class HistoryGraph<E extends GraphEntry> {
  readonly #lanes = new Lanes()
  readonly #paint: Paint
  readonly #columnsMax: number
  #justEnded = -1

  constructor({ columnsMax, paint = unpainted }: GraphOptions) {
    this.#columnsMax = columnsMax
    this.#paint = paint
  }

  /** The lines of the next version: those that lead to it, its own, and those that lead on. */
  add(entry: E): GraphLine<E>[] {
    const lines: GraphLine<E>[] = []
    const begun = this.#lanes.columnOf(entry.versionId) >= 0
    if (begun) lines.push(...this.#moves(this.#lanes.closeGaps()))
    const column = begun
      ? this.#lanes.columnOf(entry.versionId)
      : this.#lanes.begin(entry.versionId, this.#columnsMax, this.#justEnded)
    const { childSeq } = this.#lanes.at(column)
    if (childSeq !== undefined && childSeq > entry.seq + 1) {
      lines.push(this.#line(this.#lanes.rowWith(column, missing), { remark: 'versions between are gone' }))
    }
    this.#justEnded = -1
    const parents = this.#inOrder(entry, column)
    lines.push(...this.#node(entry, column, parents.length, begun))
    if (parents.length === 0) {
      if (entry.seq > 1) {
        lines.push(this.#line(this.#lanes.rowWith(column, missing), { remark: 'older versions are gone' }))
      }
      this.#lanes.finish(column)
      this.#justEnded = column
      return lines
    }
    this.#lanes.fork(column, parents, parents.length === 1 ? entry.seq : undefined)
    if (parents.length > 1) lines.push(...this.#moves([this.#lanes.spread(column)]))
    lines.push(...this.#moves(this.#lanes.join()))
    return lines
  }

  /** Where lanes lead to versions that were not asked for, a line that says so. */
  end(): GraphLine<E>[] {
    if (!this.#lanes.open) return []
    return [this.#line(this.#lanes.row(), { remark: 'older versions are not shown' })]
  }

  /** Parents to which lanes lead already stand on the side of these lanes: fewer lines cross. */
  #inOrder(entry: E, column: number): readonly string[] {
    const columns = new Map<string, number>()
    for (const parent of entry.parents) {
      if (parent === entry.versionId) continue
      const known = this.#lanes.columnOf(parent)
      columns.set(parent, known >= 0 ? known : column)
    }
    return [...columns.keys()].sort((a, b) => (columns.get(a) ?? 0) - (columns.get(b) ?? 0))
  }

  #node(entry: E, column: number, parents: number, begun: boolean): GraphLine<E>[] {
    // The step before the last is made beside the version: `*-.` has room for three parents.
    const room = Math.max(0, parents - 2)
    const lines: GraphLine<E>[] = []
    if (column < this.#lanes.count - 1) {
      // What is pushed beyond the cut can no longer be seen to move.
      const steps = Math.min(room, this.#columnsMax)
      for (let shift = 0; shift < steps; shift++) {
        lines.push(...this.#moves([this.#lanes.makeRoom(column, shift, begun)]))
      }
    }
    const row = this.#lanes.rowWith(column, signs[entry.kind], room)
    const { colour } = this.#lanes.at(column)
    for (let step = 1; step <= 2 * room; step++) {
      row.set(2 * column + step, step === 2 * room ? '.' : '-', colour)
    }
    lines.push(this.#line(row, { entry }))
    return lines
  }

  #moves(rows: readonly Row[]): GraphLine<E>[] {
    return rows.filter(row => row.moves(this.#columnsMax)).map(row => this.#line(row, {}))
  }

  #line(row: Row, beside: { readonly entry?: E; readonly remark?: string }): GraphLine<E> {
    const { text, width } = row.draw(this.#paint, this.#columnsMax)
    return { lanes: text, width, ...beside }
  }
}
