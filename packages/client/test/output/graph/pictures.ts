import { type GraphEntry, type GraphLine, HistoryGraph } from '../../../src/output/graph/history-graph.js'

/** `id: parents` by spaces; the sequence number is worked out unless written `id@7`; `!id` is a marker. */
export function history(text: string): GraphEntry[] {
  const lines = text
    .trim()
    .split('\n')
    .map(line => line.trim())
  const entries: GraphEntry[] = []
  const seqs = new Map<string, number>()
  for (const line of lines.reverse()) {
    const [named = '', covered = ''] = line.split(':')
    const [name = '', given] = named.replace('!', '').split('@')
    const parents = covered.split(' ').filter(word => word !== '')
    const seq = given === undefined ? 1 + Math.max(0, ...parents.map(id => seqs.get(id) ?? 0)) : Number(given)
    seqs.set(name, seq)
    entries.unshift({ versionId: name, kind: named.startsWith('!') ? 'marker' : 'object', seq, parents })
  }
  return entries
}

/** All lines of a history. */
export function linesOf<E extends GraphEntry>(entries: Iterable<E>, columnsMax = 1000): GraphLine<E>[] {
  const graph = new HistoryGraph<E>({ columnsMax })
  const lines: GraphLine<E>[] = []
  for (const entry of entries) lines.push(...graph.add(entry))
  return [...lines, ...graph.end()]
}

/** The picture as text, with ids and remarks beside the lanes. */
export function picture(entries: Iterable<GraphEntry>, columnsMax?: number): string {
  return linesOf(entries, columnsMax)
    .map(({ lanes, entry, remark }) => `${lanes} ${entry?.versionId ?? remark ?? ''}`.trimEnd())
    .join('\n')
}
