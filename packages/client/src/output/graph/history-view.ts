import type { HistoryEntry } from '@torc/protocol/store/object-store'
import { formatBytes, formatTime, printable } from '../format.js'
import type { Colors, Output } from '../output.js'
import { HistoryGraph } from './history-graph.js'
import type { Paint } from './row.js'
import { shortIdLength } from './short-ids.js'

/** Versions whose columns are aligned together; the first appear before the last are known. */
const entriesAtOnce = 1000

/** Where the text stands beside at most so many positions of lanes; wider rows push theirs to the right. */
const alignedWidthMax = 14

/** What a line of text takes beside the lanes: id, time, size, agent and marks. */
const textWidth = 68
const columnsOnPipes = 24
const columnsMin = 4

export interface HistoryViewOptions {
  readonly graph: boolean
  /** Columns of the terminal, where it says. */
  readonly terminalColumns: number | undefined
}

/** Shows a history for people: a line a version, and with `graph` the lanes that say what covers what. */
export class HistoryView {
  readonly #output: Output
  readonly #graph: HistoryGraph<HistoryEntry> | undefined
  #waiting: HistoryEntry[] = []
  #idLength = 0
  #lanesWidth = 0

  constructor(output: Output, { graph, terminalColumns }: HistoryViewOptions) {
    this.#output = output
    this.#graph = graph
      ? new HistoryGraph({
          columnsMax: columnsFor(output, terminalColumns),
          paint: lanePaint(output.colors),
        })
      : undefined
  }

  add(entry: HistoryEntry): void {
    if (this.#waiting.length === entriesAtOnce) this.#show(true)
    this.#waiting.push(entry)
  }

  end(): void {
    this.#show(false)
    for (const { lanes, width, remark = '' } of this.#graph?.end() ?? [])
      this.#line(lanes, width, this.#dim(remark))
  }

  #show(more: boolean): void {
    const entries = this.#waiting
    this.#waiting = []
    const ids = entries.map(({ versionId }) => versionId)
    this.#idLength = Math.max(this.#idLength, shortIdLength(ids, more))
    const texts = this.#textsOf(entries)
    if (this.#graph === undefined) {
      for (const entry of entries) this.#output.line(texts.get(entry) ?? '')
      return
    }
    const lines = entries.flatMap(entry => this.#graph?.add(entry) ?? [])
    const widths = lines.map(({ width }) => Math.min(width, alignedWidthMax))
    this.#lanesWidth = Math.max(this.#lanesWidth, ...widths)
    for (const { lanes, width, entry, remark } of lines) {
      this.#line(lanes, width, entry === undefined ? this.#dim(remark ?? '') : (texts.get(entry) ?? ''))
    }
  }

  #line(lanes: string, width: number, text: string): void {
    const room = ' '.repeat(Math.max(0, this.#lanesWidth - width) + 2)
    this.#output.line(text === '' ? lanes : lanes + room + text)
  }

  #dim(text: string): string {
    return text === '' ? '' : this.#output.colors.dim(text)
  }

  #textsOf(entries: readonly HistoryEntry[]): ReadonlyMap<HistoryEntry, string> {
    const { colors } = this.#output
    const cells = entries.map(entry => ({
      entry,
      size: entry.kind === 'marker' ? 'deleted' : formatBytes(entry.size),
      agent: printable(entry.mintedBy ?? `actor ${entry.actor.slice(0, 8)}`),
    }))
    const sizeWidth = Math.max(7, ...cells.map(({ size }) => size.length))
    const agentWidth = Math.max(...cells.map(({ agent }) => agent.length))
    const texts = cells.map(({ entry, size, agent }) => {
      const id = entry.versionId.slice(0, this.#idLength)
      const paddedSize = size.padStart(sizeWidth)
      const mark = markOf(entry, colors)
      return [
        ...[entry.isLatest ? colors.bold(id) : id, colors.dim(formatTime(entry.createdAt))],
        ...[entry.kind === 'marker' ? colors.red(paddedSize) : paddedSize],
        ...(mark === '' ? [agent] : [agent.padEnd(agentWidth), mark]),
      ].join('  ')
    })
    return new Map(entries.map((entry, index) => [entry, texts[index] ?? '']))
  }
}

/** `[latest]`, `[sibling]` for other heads, nothing for what is covered. */
export function markOf({ isLatest, isHead }: HistoryEntry, colors: Colors): string {
  if (isLatest) return colors.bold(colors.green('[latest]'))
  return isHead ? colors.bold(colors.yellow('[sibling]')) : ''
}

function columnsFor(output: Output, terminalColumns: number | undefined): number {
  if (output.mode !== 'terminal') return columnsOnPipes
  const room = Math.floor(((terminalColumns ?? 80) - textWidth) / 2)
  return Math.min(columnsOnPipes, Math.max(columnsMin, room))
}

function lanePaint(colors: Colors): Paint {
  const palette = [colors.cyan, colors.magenta, colors.green, colors.blue, colors.yellow]
  return (text, colour) => {
    const painted = (palette[colour % palette.length] ?? String)(text)
    if (text === 'x') return colors.bold(colors.red(text))
    return text === '*' ? colors.bold(painted) : painted
  }
}
