import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { LogAnswer } from '../../src/feed/cursor-rules.js'
import { type LoggedChange, mergeLogs } from '../../src/feed/merge-logs.js'

const logId = new Uint8Array(16)

function change(
  position: number,
  versionId: string,
  loggedAt: number,
  more: Partial<LoggedChange> = {},
): LoggedChange {
  return { position, key: 'k', versionId, kind: 'object', type: 'put', createdAt: 1, loggedAt, ...more }
}

function log(changes: LoggedChange[], position: number, last = position, from = 0): LogAnswer {
  return { logId, first: 1, last, from, position, changes }
}

const ids = (changes: readonly LoggedChange[]) => changes.map(({ versionId }) => versionId)

t.test('by the time at which they were noted, each once', async t => {
  const { changes, reached, more } = mergeLogs(
    new Map([
      ['a', log([change(1, 'x', 10), change(2, 'z', 30)], 4)],
      ['b', log([change(1, 'x', 12), change(3, 'y', 20), change(4, 'x', 40, { type: 'remove' })], 9, 12)],
    ]),
    1000,
  )
  t.strictSame(ids(changes), ['x', 'y', 'z', 'x'])
  t.strictSame(
    [...reached],
    [
      ['a', { logId, position: 4, atEnd: true }],
      ['b', { logId, position: 9, atEnd: false }],
    ],
  )
  t.equal(more, true)
})

t.test('what does not fit stays in its log; reports of what fits are taken', async t => {
  const logs = new Map([
    ['a', log([change(5, 'x', 10), change(6, 'y', 20)], 6, 6, 4)],
    ['b', log([change(1, 'y', 21), change(2, 'x', 22)], 2)],
    ['c', log([change(8, 'y', 30)], 9, 9, 7)],
  ])
  const { changes, reached, more } = mergeLogs(logs, 1)
  t.strictSame(ids(changes), ['x'])
  t.equal(more, true)
  t.strictSame(
    [...reached].map(([agent, { position, atEnd }]) => [agent, position, atEnd]),
    [
      ['a', 5, false],
      ['b', 0, false],
      ['c', 7, false],
    ],
  )
})

t.test('bounded by bytes, and one always fits', async t => {
  const key = 'k'.repeat(1024)
  const many = Array.from({ length: 500 }, (_, i) => change(i + 1, `v${i}`, i, { key }))
  const { changes, reached } = mergeLogs(new Map([['a', log(many, 500)]]), 1000)
  t.ok(changes.length > 400 && changes.length < 500)
  t.equal(reached.get('a')?.position, changes.length)
  t.strictSame(mergeLogs(new Map(), 5), { changes: [], reached: new Map(), more: false })
})

t.test('reading batch by batch tells everything', async () => {
  const logs = fc.array(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 30 }), { maxLength: 4 })
  fc.assert(
    fc.property(logs, fc.integer({ min: 1, max: 5 }), (versions, limit) => {
      const places = versions.map(() => 0)
      const told: string[] = []
      for (let batches = 0; ; batches++) {
        const answers = versions.map((list, agent): [string, LogAnswer] => {
          const from = places[agent] ?? 0
          const rows = list
            .slice(from, from + 7)
            .map((v, i) => change(from + i + 1, `v${v}`, (from + i) * 3 + agent))
          return [String(agent), log(rows, from + rows.length, list.length, from)]
        })
        const { changes, reached, more } = mergeLogs(new Map(answers), limit)
        told.push(...ids(changes))
        for (const [agent, { position }] of reached) places[Number(agent)] = position
        if (!more) break
        if (batches > 500) throw new Error('it does not get on')
      }
      deepEqual(new Set(told), new Set(versions.flat().map(v => `v${v}`)))
    }),
  )
})
