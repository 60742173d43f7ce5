import type { GraphEntry, GraphLine } from '../../../src/output/graph/history-graph.js'

const upright = new Set(['|', '*', 'x', ':'])
const nodes = new Set(['*', 'x'])

/**
 * Follows the lines of a picture with the eye: from each version down to the versions at their ends. Knows nothing
 * of how the picture was made. An edge goes straight on where it can; only at a version may it part.
 */
export function tracedEdges(
  lines: readonly GraphLine<GraphEntry>[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const rows = lines.map(({ lanes }) => lanes)
  const at = (row: number, position: number): string => rows[row]?.[position] ?? ' '
  const edges = new Map<string, Set<string>>()

  /** Where the lines lead that stand upright at a place. */
  function below(row: number, position: number, parts: boolean): string[] {
    const next = row + 1
    const found: string[] = []
    if (upright.has(at(next, position))) found.push(...arrive(next, position))
    if (parts || found.length === 0) {
      const [left, right] = [at(next, position - 1) === '/', at(next, position + 1) === '\\']
      // A lane that stands beside the version may be the one that moves.
      if (left && at(next, position) !== '|') found.push(...slide(next, position - 1, -1))
      if (right) found.push(...slide(next, position + 1, 1))
    }
    return found
  }

  function slide(row: number, position: number, by: 1 | -1): string[] {
    let end = position + by
    while (by < 0 && at(row, end - 1) === '_') end -= 2
    const sign = by < 0 ? '/' : '\\'
    if (at(row + 1, end + by) === sign) return slide(row + 1, end + by, by)
    if (upright.has(at(row + 1, end))) return arrive(row + 1, end)
    return below(row, end, false)
  }

  function arrive(row: number, position: number): string[] {
    if (!nodes.has(at(row, position))) return below(row, position, false)
    return [lines[row]?.entry?.versionId ?? 'a sign without a version']
  }

  lines.forEach(({ lanes, entry }, row) => {
    if (entry === undefined) return
    const position = lanes.search(/[*x]/)
    const found = new Set(below(row, position, true))
    // `*---.`: the lines to the right of the first leave from the dashes and the dot.
    for (let room = position + 2; '-.'.includes(at(row, room)) && at(row, room) !== ''; room += 2) {
      if (at(row, room) === ' ') break
      for (const id of slide(row + 1, room + 1, 1)) found.add(id)
    }
    edges.set(entry.versionId, found)
  })
  return edges
}
