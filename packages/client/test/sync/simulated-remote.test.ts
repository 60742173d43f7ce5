import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { ManualClock } from '../doubles/manual-clock.js'
import { seededRandom } from '../doubles/seeded-random.js'
import {
  bodyOf,
  checkRemoteChanges,
  checkRemoteFolder,
  contentOf,
  headOf,
  optionsOf,
  type RemoteWorld,
  write,
} from './remote-folder-conformance.js'
import { disturbed } from './simulated-feed.js'
import { SimulatedRemote } from './simulated-remote.js'
import { Killed } from './simulated-remote-folder.js'

function remoteOf(seed = 1): SimulatedRemote {
  return new SimulatedRemote({ clock: new ManualClock(), random: seededRandom(seed) })
}

async function world(): Promise<RemoteWorld> {
  const remote = remoteOf()
  return {
    derivesIds: true,
    folder: client => remote.folder(client),
    put: async (name, text, context) => remote.put(name, text, context === undefined ? {} : { context }),
    delete: async name => remote.delete(name).versionId,
    purge: async (name, versionId) => remote.purge(name, versionId),
    async expired(cursor) {
      remote.feed.expireCursors()
      return cursor
    },
  }
}

t.test('the simulated store', async t => {
  checkRemoteFolder(t, world)
  checkRemoteChanges(t, world)
})

t.test('a call that was cut off before its effect had none, after it it had', async t => {
  const remote = remoteOf()
  const failing = remote.folder('laptop', {
    beforeCall(call) {
      if (call === 'write') throw new TorcError('UNREACHABLE', 'cut off')
    },
    afterCall(call) {
      if (call === 'copyNew') throw new TorcError('INDETERMINATE', 'no answer')
    },
  })
  await t.rejects(write(failing, 'a.txt', 'one'), { code: 'UNREACHABLE' })
  t.strictSame(remote.history('a.txt'), [])
  remote.put('a.txt', 'theirs')
  const head = await headOf(remote.folder('desk'), 'a.txt')
  await t.rejects(failing.copyNew({ name: 'a.txt', head }, 'b.txt'), { code: 'INDETERMINATE' })
  t.strictSame(
    [...remote.texts()],
    [
      ['a.txt', 'theirs'],
      ['b.txt', 'theirs'],
    ],
  )
})

t.test('a client is killed in the middle of a body, of a listing, of a write', async t => {
  const remote = remoteOf()
  remote.put('a.txt', 'hello')
  remote.put('b.txt', 'world')
  const dying = remote.folder('laptop', {
    afterCall() {
      throw new Killed()
    },
  })
  const seen: string[] = []
  const listing = async () => {
    for await (const [name] of dying.list()) seen.push(name)
  }
  await t.rejects(listing(), Killed)
  t.strictSame(seen, ['a.txt'])
  const head = await headOf(remote.folder('desk'), 'a.txt')
  const body = await dying.read('a.txt', head)
  let text = ''
  const reading = async () => {
    for await (const piece of body) text += Buffer.from(piece).toString()
  }
  await t.rejects(reading(), Killed)
  t.equal(text, 'hel')
  const options = optionsOf()
  await t.rejects(write(dying, 'c.txt', 'one', options), Killed)
  t.equal(remote.texts().get('c.txt'), 'one')
  await write(remote.folder('laptop'), 'c.txt', 'one', { ...options, retry: true })
  t.equal(remote.history('c.txt').length, 1, 'whoever comes after it finds what it wrote')
})

t.test('an operation id of two writes, and a retry with other bytes, are mistakes', async t => {
  const folder = remoteOf().folder('laptop')
  const options = optionsOf()
  await write(folder, 'a.txt', 'one', options)
  await t.rejects(write(folder, 'a.txt', 'one', options), { code: 'INTERNAL' })
  await t.rejects(write(folder, 'a.txt', 'two', { ...options, retry: true }), { code: 'CHECKSUM' })
})

t.test('a retry of what was purged since', async t => {
  const remote = remoteOf()
  const options = optionsOf()
  const { versionId } = await write(remote.folder('laptop'), 'a.txt', 'one', options)
  remote.purge('a.txt', versionId)
  await t.rejects(write(remote.folder('laptop'), 'a.txt', 'one', { ...options, retry: true }), {
    code: 'SUPERSEDED',
  })
})

t.test('a token is of its name', async t => {
  const folder = remoteOf().folder('laptop')
  const { context } = await write(folder, 'a.txt', 'one')
  await t.rejects(write(folder, 'b.txt', 'one', { context }), { code: 'BAD_REQUEST' })
})

t.test('what was written is the bytes that came, not what was said of them', async t => {
  const folder = remoteOf().folder('laptop')
  const written = await folder.write('a.txt', contentOf('hello'), bodyOf('holla'), optionsOf())
  t.equal(written.sha256, contentOf('holla').sha256)
})

t.test('the history has all that ever was', async t => {
  const remote = remoteOf()
  const one = remote.put('a.txt', 'one')
  const marker = remote.delete('a.txt')
  const two = remote.put('a.txt', 'two', { context: '' })
  remote.purge('a.txt', marker.versionId)
  t.strictSame(
    remote.history('a.txt').map(({ versionId, removed, isHead }) => [versionId, removed, isHead]),
    [
      [one.versionId, false, true],
      [marker.versionId, true, false],
      [two.versionId, false, true],
    ],
    'and what only a purged marker covered is a head again',
  )
  t.strictSame(remote.names(), ['a.txt'])
})

t.test('a disturbed feed tells all, and the same from the same seed', async t => {
  const told = async (seed: number) => {
    const remote = remoteOf(seed)
    remote.feed.disturbance = disturbed(seededRandom(seed))
    const folder = remote.folder('laptop')
    let cursor = await folder.cursor()
    const versions = Array.from({ length: 50 }, (_, i) => remote.put(`${i % 7}`, `${i}`).versionId)
    const seen: string[] = []
    let batches = 0
    for (;;) {
      const { names, cursor: next } = await folder.changes(cursor, 0)
      if (next === cursor) break
      cursor = next
      batches++
      for (const ids of names.values()) seen.push(...ids)
    }
    t.strictSame(new Set(seen), new Set(versions))
    t.ok(seen.length > versions.length, 'some of it twice')
    t.ok(batches > 1)
    return seen
  }
  const first = await told(7)
  t.strictSame(await told(7), first)
  t.notSame(await told(8), first)
})

t.test('who waits in vain is answered when the time is over', async t => {
  const clock = new ManualClock()
  const folder = new SimulatedRemote({ clock, random: seededRandom(1) }).folder('laptop')
  const cursor = await folder.cursor()
  const waiting = folder.changes(cursor, 1000)
  for (let turns = 0; turns < 10 && clock.pending === 0; turns++) await Promise.resolve()
  clock.pass(1000)
  t.strictSame(await waiting, { names: new Map(), removed: new Set(), cursor, reset: false })
  t.equal(clock.pending, 0)
})
