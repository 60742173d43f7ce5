import fc from 'fast-check'
import t from 'tap'
import type { GraphEntry } from '../../../src/output/graph/history-graph.js'
import { linesOf, picture } from './pictures.js'
import { tracedEdges } from './trace.js'

/** Histories newest first: each version covers some of the later ones, few or many, near or far. */
const histories: fc.Arbitrary<GraphEntry[]> = fc
  .array(fc.tuple(fc.boolean(), fc.array(fc.nat(6), { maxLength: 5 }), fc.nat(3)), { maxLength: 24 })
  .map(picks => {
    const covered = picks.map(([, steps], index) => [
      ...new Set(steps.map(step => index + 1 + step).filter(other => other < picks.length)),
    ])
    const entries: GraphEntry[] = []
    picks.forEach(([marker, , missing], index) => {
      const parents = (covered[index] ?? []).map(other => `v${other}`)
      const seq = picks.length - index + missing
      entries.push({ versionId: `v${index}`, kind: marker ? 'marker' : 'object', seq, parents })
    })
    return entries
  })

const runs = { numRuns: 10_000 }

t.test('what the eye follows in the picture is what covers what', async () => {
  fc.assert(
    fc.property(histories, entries => {
      const lines = linesOf(entries)
      const drawn = tracedEdges(lines)
      for (const { versionId, parents } of entries) {
        const wanted = [...parents].sort().join(' ')
        const found = [...(drawn.get(versionId) ?? [])].sort().join(' ')
        if (found !== wanted) throw new Error(`${versionId}: ${found}, not ${wanted}\n${picture(entries)}`)
      }
    }),
    runs,
  )
})

t.test('each version has one line and its own sign, and no line is wider than allowed', async () => {
  fc.assert(
    fc.property(histories, fc.integer({ min: 1, max: 6 }), (entries, columnsMax) => {
      const lines = linesOf(entries, columnsMax)
      const shown = lines.flatMap(({ entry }) => entry?.versionId ?? [])
      if (shown.join() !== entries.map(({ versionId }) => versionId).join())
        throw new Error('versions differ')
      for (const { lanes, width, entry } of lines) {
        if (width !== lanes.length || width > 2 * columnsMax + 1 || /\s$/.test(lanes)) throw new Error(lanes)
        const signs = lanes.match(/[*x]/g) ?? []
        const wanted = entry === undefined ? '' : entry.kind === 'marker' ? 'x' : '*'
        if (signs.join('') !== wanted && !lanes.endsWith('~')) throw new Error(`${lanes}: not ${wanted}`)
      }
    }),
    runs,
  )
})
