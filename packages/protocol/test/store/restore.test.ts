import fc from 'fast-check'
import t from 'tap'
import { TorcError } from '../../src/errors.js'
import type { ListEntry } from '../../src/store/object-store.js'
import { type RestoredKey, type RestoreOptions, restoreObjects } from '../../src/store/restore.js'
import { VersionStore } from '../support/version-store.js'

async function restored(store: VersionStore, options: RestoreOptions): Promise<RestoredKey[]> {
  const keys: RestoredKey[] = []
  for await (const key of restoreObjects(store, 'b', options)) keys.push(key)
  return keys
}

const shortly = ({ key, action, from }: RestoredKey): string => `${action} ${key} ${from}`

t.test('every way in which a key can differ', async t => {
  const store = new VersionStore()
  store.write('changed', 'old')
  store.write('gone', 'was here')
  store.write('kept', 'same')
  store.write('rewritten', 'alike')
  store.write('typed', 'text', 'text/plain')
  const at = store.now
  store.write('changed', 'new')
  store.write('gone', undefined)
  store.write('later', 'did not exist')
  store.write('both', 'came')
  store.write('both', undefined)
  store.write('rewritten', 'other')
  store.write('rewritten', 'alike')
  store.write('typed', 'text', 'text/html')

  const before = store.seconds
  const planned = await restored(store, { at, dryRun: true })
  t.same(planned.map(shortly), [
    'restored changed v1',
    'restored gone v2',
    'deleted later undefined',
    'restored typed v5',
  ])
  t.ok(planned.every(({ versionId }) => versionId === undefined))
  t.equal(store.seconds, before, 'a dry run writes nothing')

  store.calls.length = 0
  const done = await restored(store, { at })
  t.same(done.map(shortly), planned.map(shortly))
  t.ok(done.every(({ versionId }) => versionId !== undefined))
  t.same(store.texts, {
    changed: 'old',
    gone: 'was here',
    kept: 'same',
    rewritten: 'alike',
    typed: 'text',
  })
  t.same(
    store.calls.filter(call => !call.startsWith('head')),
    [
      'copy changed of v1 covering v6',
      'copy gone of v2 covering v7',
      'mark later covering v8',
      'copy typed of v5 covering v13',
    ],
  )
  t.same(await restored(store, { at }), [], 'again: nothing left to do')
})

t.test('a prefix bounds it', async t => {
  const store = new VersionStore()
  for (const key of ['a/1', 'a/2', 'b/1']) store.write(key, 'old')
  const at = store.now
  for (const key of ['a/1', 'a/2', 'b/1']) store.write(key, 'new')
  t.same(
    (await restored(store, { at, prefix: 'a/' })).map(({ key }) => key),
    ['a/1', 'a/2'],
  )
  t.same(store.texts, { 'a/1': 'old', 'a/2': 'old', 'b/1': 'new' })
})

t.test('what someone else does meanwhile', async t => {
  const store = new VersionStore()
  store.write('revived', 'old')
  store.write('overwritten', 'old')
  const at = store.now
  store.write('revived', undefined)
  store.write('overwritten', 'new')
  store.write('vanishes', 'new')
  const listed = store.list.bind(store)
  store.list = async function* (bucket, options) {
    const entries: ListEntry[] = []
    for await (const entry of listed(bucket, options)) entries.push(entry)
    if (options?.at === undefined) {
      store.write('revived', 'old')
      store.write('overwritten', 'newer still')
      store.write('vanishes', undefined)
    }
    yield* entries
  }
  t.same((await restored(store, { at })).map(shortly), ['restored overwritten v2'])
  t.ok(
    store.calls.some(call => call.endsWith('covering v7')),
    'the context is of what was read at last',
  )
})

t.test('many at once, yet in order', async t => {
  const store = new VersionStore()
  const keys = Array.from({ length: 60 }, (_, index) => `key-${String(index).padStart(2, '0')}`)
  for (const key of keys) store.write(key, 'old')
  const at = store.now
  for (const key of keys) store.write(key, 'new')
  let underWay = 0
  let most = 0
  const open: (() => void)[] = []
  store.onCopy = async () => {
    most = Math.max(most, ++underWay)
    // The last to come is the first to end.
    await new Promise<void>(resolve => {
      open.unshift(resolve)
      if (open.length === 10) for (const end of open.splice(0)) end()
    })
    underWay--
  }
  t.same(
    (await restored(store, { at })).map(({ key }) => key),
    keys,
  )
  t.ok(most > 1 && most <= 16, `${most} at once`)
})

t.test('a failure ends it when all that is under way has ended', async t => {
  const store = new VersionStore()
  for (const key of ['a', 'b', 'c']) store.write(key, 'old')
  const at = store.now
  for (const key of ['a', 'b', 'c']) store.write(key, 'new')
  let letGo = (): void => {}
  const held = new Promise<void>(resolve => {
    letGo = resolve
  })
  let begin = (): void => {}
  const begun = new Promise<void>(resolve => {
    begin = resolve
  })
  store.onCopy = async key => {
    if (key === 'c') {
      begin()
      await held
    }
    if (key === 'b') {
      await begun
      throw new TorcError('UNAVAILABLE', 'b can not be read')
    }
  }
  const keys: string[] = []
  let ended = false
  const running = (async () => {
    for await (const { key } of restoreObjects(store, 'b', { at })) {
      keys.push(key)
      setImmediate(letGo)
    }
  })().finally(() => {
    ended = true
  })
  await held
  t.equal(ended, false)
  await t.rejects(running, { code: 'UNAVAILABLE' })
  t.same(keys, ['a'])
  t.same(store.texts, { a: 'old', b: 'new', c: 'old' })
  store.onCopy = async () => {}
  t.same(
    (await restored(store, { at })).map(({ key }) => key),
    ['b'],
    'the rest, when it is run again',
  )
})

t.test('a signal stops it', async t => {
  const store = new VersionStore()
  for (const key of ['a', 'b']) store.write(key, 'old')
  const at = store.now
  for (const key of ['a', 'b']) store.write(key, 'new')
  const stop = new AbortController()
  stop.abort(new TorcError('INTERRUPTED', 'stopped'))
  await t.rejects(restored(store, { at, signal: stop.signal }), { code: 'INTERRUPTED' })
  const plain = new AbortController()
  const running = (async () => {
    for await (const _ of restoreObjects(store, 'b', { at, signal: plain.signal })) plain.abort()
  })()
  await t.rejects(running, { code: 'CANCELLED' })
})

t.test('property: afterwards everything is as it was, and no version is lost', async () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'a/b', 'z', '\ue000', '\u{10000}'),
    text: fc.option(fc.constantFrom('1', '2', '3'), { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.array(step, { maxLength: 12 }),
      async (old, more) => {
        const store = new VersionStore()
        for (const { key, text } of old) store.write(key, text)
        const [at, texts] = [store.now, store.texts]
        for (const { key, text } of more) store.write(key, text)
        const versions = new Map(store.keys)
        const keys = (await restored(store, { at })).map(({ key }) => Buffer.from(key))
        const kept = [...versions].every(([key, before]) =>
          before.every(version => store.keys.get(key)?.includes(version) === true),
        )
        const ordered = keys.every(
          (key, index) => index === 0 || Buffer.compare(keys[index - 1] ?? key, key) < 0,
        )
        const same = JSON.stringify(sorted(store.texts)) === JSON.stringify(sorted(texts))
        return kept && ordered && same && (await restored(store, { at })).length === 0
      },
    ),
  )
})

const sorted = (texts: Record<string, string>): [string, string][] =>
  Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1))
