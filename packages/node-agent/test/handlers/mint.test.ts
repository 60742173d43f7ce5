import {
  contextOfDot,
  covers,
  decodeContext,
  emptyContext,
  encodeContext,
} from '@torc/cluster/clocks/causal-context'
import { systemRandom } from '@torc/protocol/environment/system'
import { limits } from '@torc/protocol/limits'
import t from 'tap'
import { fetched } from '../support/agent-harness.js'
import { address, mint, soleAgent, written } from '../support/key-requests.js'

t.test('an overwrite covers what the key had, and the answer says what to replicate', async t => {
  const { server } = await soleAgent(t)
  const first = await mint(server, 'a', Buffer.from('one'))
  const second = await mint(server, 'a', Buffer.from('two'))
  t.ok(covers(second.version.context, first.version.dot))
  t.equal(second.version.seq, 2)
  t.equal(second.version.after, first.version.dot.counter)
  t.ok(second.version.createdAt > first.version.createdAt)
  t.same(second.siblings, [])
  t.same(decodeContext(second.delta), contextOfDot(second.version.dot, second.version.after))
  t.ok(covers(decodeContext(second.context), second.version.dot))
})

t.test('a client context covers just what it shows: siblings, and their resolution', async t => {
  const { server } = await soleAgent(t)
  const first = await mint(server, 'a', Buffer.from('one'))
  const seen = { cover: first.context, exact: true }
  const left = await mint(server, 'a', Buffer.from('left'), seen)
  const right = await mint(server, 'a', Buffer.from('right'), seen)
  t.same(right.siblings, [left.version.id])
  const resolved = await mint(server, 'a', Buffer.from('both'), { cover: right.context, exact: true })
  t.same(resolved.siblings, [])
})

t.test('a retry with the same opId answers what the first attempt made', async t => {
  const { server } = await soleAgent(t)
  const opId = systemRandom.bytes(16)
  const first = await mint(server, 'a', Buffer.from('one'), { opId })
  const again = await mint(server, 'a', Buffer.from('one'), { opId })
  t.match(again, { repeated: true, version: { dot: first.version.dot } })
  t.same(again.record, first.record)
  t.same(again.delta, first.delta)
  await mint(server, 'a', Buffer.from('two'))
  const late = await mint(server, 'a', Buffer.from('one'), { opId })
  t.match(late, { repeated: true, version: { dot: first.version.dot } }, 'as a version below the head, too')
  const [state] = await fetched(server, 'fetchKey', { ...address, key: 'a', want: 'state' })
  t.equal((state?.head.heads?.length ?? 0) + (state?.head.versions?.length ?? 0), 2)
})

t.test('a mint that was given up before it began makes nothing', async t => {
  const { server } = await soleAgent(t)
  const givenUp = new AbortController()
  const body = Buffer.from('late')
  const head = {
    ...address,
    key: 'a',
    opId: systemRandom.bytes(16),
    kind: 'object' as const,
    ...written(body),
  }
  const late = server.request('mint', head, { body, signal: givenUp.signal })
  // Both are there when the agent looks, as where it was stopped.
  givenUp.abort()
  await t.rejects(late, { code: 'CANCELLED' })
  const { version } = await mint(server, 'a', Buffer.from('next'))
  const [state] = await fetched(server, 'fetchKey', { ...address, key: 'a', want: 'state' })
  t.equal((state?.head.heads?.length ?? 0) + (state?.head.versions?.length ?? 0), 1)
  t.equal(version.seq, 1)
})

t.test('the clock is above what was seen', async t => {
  const { server } = await soleAgent(t)
  const seenTime = Date.now() * 1000 + 5_000_000
  const minted = await mint(server, 'a', Buffer.from('x'), { seenTime, seenSeq: 41 })
  t.ok(minted.version.createdAt > seenTime)
  t.equal(minted.version.seq, 42)
  const farAhead = Date.now() * 1000 + 3_600_000_000
  await t.rejects(mint(server, 'a', Buffer.from('x'), { seenTime: farAhead }), { code: 'CLOCK_SKEW' })
})

t.test('empty bodies, markers and block lists', async t => {
  const { server } = await soleAgent(t)
  const empty = await mint(server, 'empty', Buffer.alloc(0))
  t.match(empty.version, { size: 0, kind: 'object' })
  const marker = await mint(server, 'empty', Buffer.alloc(0), { kind: 'marker' })
  t.match(marker.version, { size: 0, kind: 'marker' })
  const hashes = Buffer.concat([Buffer.alloc(32, 1), Buffer.alloc(32, 2)])
  const large = await mint(server, 'large', Buffer.alloc(0), {
    size: 30,
    blocks: hashes,
    blockSizes: [20, 10],
  })
  t.same(large.version.blocks, [
    { hash: Buffer.alloc(32, 1), size: 20 },
    { hash: Buffer.alloc(32, 2), size: 10 },
  ])
})

t.test(
  'an object of the most blocks, each of another size than the one before, fits every message',
  async t => {
    const { server } = await soleAgent(t)
    const count = limits.objectBlocksMax
    // As small as content-defined cutting makes them; the last one fills the largest object.
    const blockSizes = Array.from({ length: count - 1 }, (_, i) => 640 * 1024 + (i % 2))
    const size = blockSizes.reduce((a, b) => a + b, 1)
    const fields = {
      size,
      blocks: systemRandom.bytes(32 * count),
      blockSizes: [...blockSizes, 1],
      metadata: Array.from({ length: 60 }, (_, i): [string, string] => [`name-${i}`, 'x'.repeat(250)]),
    }
    t.ok(size <= limits.objectBytesMax && size > limits.objectBytesMax - 640 * 1024)
    const first = await mint(server, 'large', Buffer.alloc(0), fields)
    t.equal(first.version.blocks?.length, count)
    await mint(server, 'large', Buffer.alloc(0), {
      ...fields,
      cover: encodeContext(emptyContext),
      exact: true,
    })
    const found = await fetched(server, 'fetchKey', { ...address, key: 'large', want: 'heads' })
    t.strictSame(
      found.map(({ head }) => head.heads?.length),
      [1, 1],
      'siblings travel in a frame each',
    )
    const one = {
      size: count + 1,
      blocks: Buffer.alloc(32 * (count + 1)),
      blockSizes: Array(count + 1).fill(1),
    }
    await t.rejects(mint(server, 'more', Buffer.alloc(0), one), {
      code: 'TOO_LARGE',
      message: /26215 blocks/,
    })
  },
)

t.test('what does not fit together is refused, and nothing is stored', async t => {
  const { server } = await soleAgent(t)
  const body = Buffer.from('hello')
  const blocks = Buffer.alloc(64, 1)
  const bad: [object, string][] = [
    [{ sha256: Buffer.alloc(32) }, 'CHECKSUM'],
    [{ size: 4 }, 'CHECKSUM'],
    [{ kind: 'marker' }, 'BAD_REQUEST'],
    [{ kind: 'marker', size: 0, blocks: Buffer.alloc(0), blockSizes: [] }, 'BAD_REQUEST'],
    [{ blocks, blockSizes: [5] }, 'BAD_REQUEST'],
    [{ blocks }, 'BAD_REQUEST'],
    [{ blocks, blockSizes: [5, 5] }, 'BAD_REQUEST'],
    [{ blocks, blockSizes: [5, 0] }, 'BAD_REQUEST'],
    [{ size: 17 * 2 ** 30 }, 'TOO_LARGE'],
    [{ cover: Buffer.from('nonsense') }, 'BAD_REQUEST'],
  ]
  for (const [fields, code] of bad)
    await t.rejects(mint(server, 'a', body, fields), { code }, JSON.stringify(fields))
  const large = Buffer.alloc(20_000)
  await t.rejects(mint(server, 'a', large), { code: 'TOO_LARGE' })
  await t.rejects(mint(server, 'a', Buffer.alloc(100_000)), { code: 'TOO_LARGE' }, 'as a stream, too')
  const [digest] = await fetched(server, 'fetchKey', { ...address, key: 'a', want: 'digest' })
  t.same(digest?.head.digest, Buffer.alloc(16))
})

t.test('siblings have a bound', async t => {
  const { server } = await soleAgent(t)
  const nothing = {
    cover: encodeContext(contextOfDot({ actor: '00000000000000aa' as never, counter: 1 }, 0)),
    exact: true,
  }
  const body = Buffer.from('x')
  await Promise.all(Array.from({ length: 256 }, () => mint(server, 'a', body, nothing)))
  await t.rejects(mint(server, 'a', body, nothing), { code: 'CONFLICT' })
  t.same((await mint(server, 'a', body)).siblings, [], 'a plain overwrite resolves them')
})

t.test('an inline body that comes in a stream', async t => {
  const { server } = await soleAgent(t)
  const body = Buffer.from('streamed')
  const head = {
    ...address,
    key: 'a',
    opId: systemRandom.bytes(16),
    kind: 'object' as const,
    ...written(body),
  }
  async function* pieces() {
    yield body.subarray(0, 3)
    yield body.subarray(3)
  }
  await server.request('mint', head, { body: { stream: pieces() } })
  const [found] = await fetched(server, 'fetchKey', { ...address, key: 'a', want: 'heads' })
  t.same(await found?.body?.bytes(100), body)
})

t.test('an object in parts: how its blocks are spread over them is kept', async t => {
  const { server } = await soleAgent(t)
  const blocks = Buffer.concat([Buffer.alloc(32, 1), Buffer.alloc(32, 2)])
  const body = { size: 15, blocks, blockSizes: [10, 5] }
  const minted = await mint(server, 'parts', Buffer.alloc(0), { ...body, partBlocks: [1, 0, 1] })
  t.strictSame(minted.version.partBlocks, [1, 0, 1])
  const empty = { size: 0, blocks: Buffer.alloc(0), blockSizes: [], partBlocks: [0, 0] }
  t.match((await mint(server, 'empty', Buffer.alloc(0), empty)).version, { blocks: [], partBlocks: [0, 0] })
  for (const wrong of [
    { ...body, partBlocks: [1] },
    { ...body, partBlocks: [1, 1, 1] },
    { ...empty, partBlocks: [] },
    { partBlocks: [0] },
  ])
    await t.rejects(mint(server, 'wrong', Buffer.alloc(0), wrong), {
      code: 'BAD_REQUEST',
      message: /partBlocks/,
    })
})

t.test('keys that servers make for themselves are longer and have NUL in them', async t => {
  const { server } = await soleAgent(t)
  const keys = [`${'k'.repeat(1024)}\0${'i'.repeat(64)}`, 'a\0b', 'a']
  for (const key of keys) await mint(server, key, Buffer.from('x'))
  const range = { ...address, limit: 10 }
  const namesAfter = async (after: string): Promise<string[]> => {
    const [page] = await fetched(server, 'fetchRange', { ...range, after })
    return (page?.head.keys ?? []).map(({ key }) => key)
  }
  t.strictSame(await namesAfter(''), [...keys].reverse())
  t.strictSame(await namesAfter(keys[1] ?? ''), [keys[0]])
  t.strictSame(await namesAfter(keys[0] ?? ''), [])
})
