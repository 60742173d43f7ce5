import t from 'tap'
import { TorcError } from '../../src/errors.js'
import type { Change, ChangeBatch, ChangesOptions } from '../../src/store/changes.js'
import { ToldChanges, watchChanges } from '../../src/store/watch.js'
import { VirtualClock } from '../support/virtual-clock.js'

const random = { bytes: (count: number) => new Uint8Array(count), fraction: () => 0.5 }

function change(versionId: string, type: Change['type'] = 'put'): Change {
  return { bucket: 'b', key: 'k', versionId, kind: 'object', type, createdAt: new Date(0) }
}

function batch(cursor: string, versions: readonly string[], reset = false): ChangeBatch {
  return { changes: versions.map(id => change(id)), cursor, reset, more: false }
}

/** Answers each question with what comes next in the script. */
function scripted(...script: (ChangeBatch | TorcError)[]) {
  const asked: ChangesOptions[] = []
  return {
    asked,
    async changes(_bucket: string, options: ChangesOptions = {}): Promise<ChangeBatch> {
      asked.push(options)
      const next = script.shift() ?? new TorcError('BUCKET_NOT_FOUND', 'the script is at its end')
      if (next instanceof TorcError) throw next
      return next
    },
  }
}

const idsOf = ({ changes }: ChangeBatch) => changes.map(({ versionId }) => versionId)

t.test('each question goes on from the cursor before, and what was told is left out', async t => {
  const store = scripted(
    batch('1', []),
    batch('2', ['x', 'y']),
    batch('3', ['y', 'z', 'x']),
    batch('4', [], true),
    batch('5', ['x', 'w']),
  )
  const got: unknown[] = []
  const clock = new VirtualClock()
  await t.rejects(
    (async () => {
      for await (const one of watchChanges(store, 'b', { prefix: 'p/' }, { clock, random }))
        got.push([one.cursor, idsOf(one), one.reset])
    })(),
    { code: 'BUCKET_NOT_FOUND' },
  )
  t.strictSame(got, [
    ['1', [], false],
    ['2', ['x', 'y'], false],
    ['3', ['z'], false],
    ['4', [], true],
    ['5', ['w'], false],
  ])
  t.strictSame(
    store.asked.map(({ cursor, prefix, waitMs }) => [cursor, prefix, waitMs]),
    [undefined, '1', '2', '3', '4', '5'].map((cursor, i) => [cursor, 'p/', i === 0 ? 0 : 20_000]),
    'only the first one does not wait',
  )
})

t.test('a passing failure is sat out, with growing waits; the first question fails at once', async t => {
  const down = new TorcError('UNREACHABLE', 'down')
  const clock = new VirtualClock()
  await t.rejects(watchChanges(scripted(down), 'b', {}, { clock, random }).next(), { code: 'UNREACHABLE' })
  const store = scripted(batch('1', []), down, down, batch('2', ['x']))
  const watch = watchChanges(store, 'b', {}, { clock, random })
  await watch.next()
  const next = watch.next()
  await clock.advance(0)
  await clock.advance(74)
  t.equal(store.asked.length, 2)
  await clock.advance(1)
  t.equal(store.asked.length, 3)
  await clock.advance(149)
  t.equal(store.asked.length, 3)
  await clock.advance(1)
  t.strictSame(idsOf((await next).value as ChangeBatch), ['x'])
  t.equal(store.asked.at(-1)?.cursor, '1')
})

t.test('ends by its signal, also while it waits for a server', async t => {
  const controller = new AbortController()
  const clock = new VirtualClock()
  const store = scripted(batch('1', []), new TorcError('UNAVAILABLE', 'not now'))
  const watch = watchChanges(store, 'b', { signal: controller.signal }, { clock, random })
  await watch.next()
  const next = watch.next()
  await clock.advance(1)
  controller.abort()
  await t.rejects(next, { code: 'CANCELLED' })
  t.equal(clock.pendingTimers, 0)
  t.equal(store.asked.length, 2)
})

t.test('a version that came and went is two changes; what was told longest ago is forgotten', async t => {
  const told = new ToldChanges(2)
  t.equal(told.fresh([change('x'), change('x', 'remove'), change('x')]).length, 2)
  t.equal(told.fresh([change('y')]).length, 1)
  t.equal(told.fresh([change('x', 'remove')]).length, 0)
  t.equal(told.fresh([change('x')]).length, 1, 'forgotten')
})
