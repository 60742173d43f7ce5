import t from 'tap'
import type { FeedCursor } from '../../src/feed/cursor.js'
import { advanced, goesOn, type LogAnswer, planReads } from '../../src/feed/cursor-rules.js'

const id = (value: number) => new Uint8Array(16).fill(value)
const place = (position: number, logId = id(1)) => ({ logId, position })

function cursor(places: Record<string, ReturnType<typeof place>>): FeedCursor {
  return {
    ...{ bucketId: id(7), prefixHash: new Uint8Array(8), lineage: 'here', epoch: 3, since: 5 },
    places: new Map(Object.entries(places)),
  }
}

function around(members: readonly string[], down: readonly string[] = []) {
  return { bucketId: id(7), lineage: 'here', members, isAlive: (agent: string) => !down.includes(agent) }
}

function answer(fields: Partial<LogAnswer>): LogAnswer {
  return { logId: id(1), first: 1, last: 10, from: 0, position: 10, changes: [], ...fields }
}

t.test('whom to read: all that are there, those that left too', async t => {
  const places = { a: place(1), gone: place(4) }
  t.strictSame(planReads(cursor(places), around(['a', 'b', 'c'], ['c'])), [
    { agent: 'a', place: place(1) },
    { agent: 'b', place: undefined },
    { agent: 'gone', place: place(4) },
  ])
  t.strictSame(planReads(cursor({ a: place(1) }), around(['a', 'b'], ['a', 'b'])), [], 'down is not gone')
  t.equal(planReads(cursor(places), around(['a'], ['gone'])), 'a log that is gone')
})

t.test('of another bucket, another lineage', async t => {
  t.equal(planReads(cursor({}), { ...around(['a']), bucketId: id(8) }), 'another bucket')
  t.equal(planReads(cursor({}), { ...around(['a']), lineage: 'elsewhere' }), 'another lineage')
})

t.test('whether a log goes on behind a place', async t => {
  const at = (position: number) => ({ agent: 'a', place: place(position) })
  t.equal(goesOn(at(10), answer({})), true)
  t.equal(goesOn(at(0), answer({ last: 0 })), true, 'nothing was ever noted')
  t.equal(goesOn(at(11), answer({})), false, 'beyond its end')
  t.equal(goesOn(at(5), answer({ first: 6 })), true, 'just what follows is kept')
  t.equal(goesOn(at(4), answer({ first: 6 })), false, 'trimmed')
  t.equal(goesOn(at(5), answer({ logId: id(2) })), false, 'another log')
})

t.test('whether a log can be read by time', async t => {
  const read = { agent: 'a', place: undefined }
  t.equal(goesOn(read, answer({ from: 0 })), true, 'all of it')
  t.equal(goesOn(read, answer({ first: 4, from: 4 })), true, 'the oldest that is kept is older')
  t.equal(goesOn(read, answer({ first: 4, from: 3 })), false, 'what was trimmed may have been late enough')
})

t.test('where the cursor is after a batch', async t => {
  const reached = new Map([
    ['a', { ...place(5), atEnd: true }],
    ['new', { ...place(2, id(9)), atEnd: false }],
    ['left', { ...place(7), atEnd: false }],
    ['done', { ...place(8), atEnd: true }],
  ])
  const before = cursor({ a: place(1), down: place(3), left: place(4), done: place(6) })
  const after = advanced(before, reached, 4, ['a', 'new', 'down'])
  t.strictSame(
    [...after.places].sort(),
    Object.entries({ a: place(5), down: place(3), left: place(7), new: place(2, id(9)) }).sort(),
  )
  t.strictSame([after.epoch, after.since], [4, 5])
  t.equal(advanced(before, reached, 2, []).epoch, 3, 'a server that is behind does not set it back')
})
