import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { RecordCache, recordAgeMs, unreadAgeMs } from '../../src/buckets/record-cache.js'
import { ManualClock } from '../fakes/fake-environment.js'

const settle = () => new Promise(setImmediate)

function cacheOf() {
  const clock = new ManualClock()
  const reads: string[] = []
  const source = {
    value: 1,
    error: undefined as TorcError | undefined,
    gate: undefined as Promise<void> | undefined,
  }
  const cache = new RecordCache<number>(clock, async name => {
    reads.push(name)
    await source.gate
    if (source.error !== undefined) throw source.error
    return source.value
  })
  return { clock, reads, source, cache }
}

t.test(
  'fresh ones come at once, middle-aged ones are read again behind, old ones are not believed',
  async t => {
    const { clock, reads, source, cache } = cacheOf()
    t.equal(await cache.find('a', {}), 1)
    source.value = 2
    clock.advance(recordAgeMs / 2 - 1)
    t.equal(cache.find('a', {}), 1)
    t.equal(reads.length, 1)
    clock.advance(1)
    t.equal(cache.find('a', {}), 1)
    await settle()
    t.equal(cache.find('a', {}), 2)
    t.equal(reads.length, 2)
    clock.advance(recordAgeMs)
    t.equal(await cache.find('a', {}), 2)
    t.equal(reads.length, 3)
  },
)

t.test('a record that can’t be read is believed for a while', async t => {
  const { clock, reads, source, cache } = cacheOf()
  await cache.find('a', {})
  for (const code of ['UNAVAILABLE', 'TIMEOUT', 'UNREACHABLE'] as const) {
    source.error = new TorcError(code, 'cut off')
    clock.advance(recordAgeMs)
    t.equal(await cache.find('a', {}), 1, code)
  }
  reads.length = 0
  t.equal(cache.find('a', {}), 1, 'nobody waits for what can’t be read')
  t.equal(reads.length, 0, 'nor is it asked for all the time')
  clock.advance(recordAgeMs / 2)
  t.equal(cache.find('a', {}), 1)
  await settle()
  t.equal(reads.length, 1, 'once a second')
  clock.advance(unreadAgeMs)
  await t.rejects(async () => cache.find('a', {}), { code: 'UNREACHABLE' })
  source.error = undefined
  source.value = 3
  t.equal(await cache.find('a', {}), 3, 'back')
  t.equal(cache.find('a', {}), 3)
})

t.test('what is known to be gone is not believed', async t => {
  const { clock, source, cache } = cacheOf()
  await cache.find('a', {})
  source.error = new TorcError('UNAVAILABLE', 'cut off')
  clock.advance(recordAgeMs)
  t.equal(await cache.find('a', {}), 1)
  source.error = new TorcError('BUCKET_NOT_FOUND', 'gone')
  clock.advance(recordAgeMs)
  t.equal(cache.find('a', {}), 1, 'until it is known')
  await settle()
  await t.rejects(async () => cache.find('a', {}), { code: 'BUCKET_NOT_FOUND' })
  source.error = new TorcError('UNAVAILABLE', 'cut off')
  await t.rejects(async () => cache.find('a', {}), { code: 'UNAVAILABLE' }, 'nothing is left to believe')
})

t.test('what is forgotten while it is read is read again', async t => {
  const { reads, source, cache } = cacheOf()
  let open: () => void = () => {}
  source.gate = new Promise(resolve => {
    open = resolve
  })
  const before = cache.find('a', {})
  const shared = cache.find('a', {})
  t.equal(reads.length, 1, 'readers share')
  cache.forget('a')
  const after = cache.find('a', {})
  t.not(after, before)
  open()
  t.strictSame(await Promise.all([before, shared, after]), [1, 1, 1])
  t.equal(reads.length, 2)
  t.equal(cache.find('a', {}), 1)
  cache.forgetAll()
  t.ok(cache.find('a', {}) instanceof Promise)
})

t.test('what was made while a reading was under way is found by those who came afterwards', async t => {
  const { reads, source, cache } = cacheOf()
  const gate = () => {
    let open: () => void = () => {}
    source.gate = new Promise(resolve => {
      open = resolve
    })
    return () => open()
  }
  const openFirst = gate()
  source.error = new TorcError('BUCKET_NOT_FOUND', 'not yet')
  const before = t.rejects(async () => cache.find('a', {}), { code: 'BUCKET_NOT_FOUND' })
  const later = [cache.find('a', {}), cache.find('a', {})]
  const openSecond = gate()
  openFirst()
  await before
  // The reading of `before` has looked; another server makes the record.
  source.error = undefined
  openSecond()
  t.strictSame(await Promise.all(later), [1, 1])
  t.equal(reads.length, 2, 'the second reading is shared')
})

t.test('the oldest entries go', async t => {
  const { reads, cache } = cacheOf()
  for (let i = 0; i <= 10_000; i++) await cache.find(String(i), {})
  reads.length = 0
  t.equal(cache.find('1', {}), 1)
  t.ok(cache.find('0', {}) instanceof Promise)
  t.strictSame(reads, ['0'])
})

t.test('what cannot be read again is believed on for as long as news of a change would come', async t => {
  const clock = new ManualClock()
  let fails = false
  let hears = true
  const cache = new RecordCache<number>(
    clock,
    async () => {
      if (fails) throw new TorcError('UNAVAILABLE', 'out of reach')
      return 1
    },
    () => hears,
  )
  t.equal(await cache.find('a', {}), 1)
  fails = true
  for (let minutes = 0; minutes < 10; minutes++) {
    clock.advance(60_000)
    t.equal(await cache.find('a', {}), 1)
    await settle()
  }
  hears = false
  clock.advance(60_000)
  await t.rejects(async () => cache.find('a', {}), { code: 'UNAVAILABLE' })
  hears = true
  fails = false
  t.equal(await cache.find('a', {}), 1)
  fails = true
  cache.forgetAll()
  await t.rejects(async () => cache.find('a', {}), { code: 'UNAVAILABLE' }, 'nor after news')
})
