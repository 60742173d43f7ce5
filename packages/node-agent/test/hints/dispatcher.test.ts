import { decodeVersion } from '@torc/cluster/state/version-codec'
import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { ForgetWorker } from '../../src/hints/forget-worker.js'
import { Holder, otherTarget, run, target } from './holder-fixture.js'

const { signal } = new AbortController()

t.test('in the order in which they came, bodies with their versions', async t => {
  const holder = await Holder.open()
  for (const key of ['b', 'a', 'c']) await holder.write(key)
  holder.receiver.alive = false
  const dispatcher = holder.dispatcher()
  t.equal(await dispatcher.step(signal), 'busy', 'who is away may have been relieved')
  t.same(await run(dispatcher), [])
  t.same(holder.receiver.merged, [])
  t.match(dispatcher.progress(), /^3 keys and 0 blocks wait until it is back, 0 keys/)
  holder.receiver.alive = true
  t.same(await run(dispatcher), [])
  t.same(
    holder.receiver.merged.map(({ key }) => key),
    ['b', 'a', 'c'],
  )
  for (const { key, delta } of holder.receiver.merged) {
    t.equal(Buffer.from(delta.body ?? []).toString(), key)
    t.equal(decodeVersion(delta.record ?? new Uint8Array()).size, 1)
  }
  t.match(dispatcher.progress(), /^nothing waits, 3 keys and 0 blocks were delivered/)
  t.same(holder.context.hints.counts.targets(), [])
  t.equal(holder.context.hints.counts.bytes, 0)
})

t.test('a key that changes on the way is delivered once more, and only then forgotten', async t => {
  const holder = await Holder.open()
  await holder.write('a', 'one')
  let writes = 0
  holder.receiver.before = async () => {
    if (writes++ === 0) await holder.write('a', 'two', [otherTarget])
  }
  t.same(await run(holder.dispatcher()), [])
  const bodies = holder.receiver.merged.map(({ delta }) => Buffer.from(delta.body ?? []).toString())
  t.same(bodies.sort(), ['one', 'one', 'two'])
  t.same(holder.context.hints.counts.targets(), [otherTarget])
  t.ok(holder.has('a'), 'the other owner lacks it still')
  t.same(await run(holder.dispatcher(1e9, otherTarget)), [])
  const forget = new ForgetWorker(holder.context)
  t.equal(await forget.step(signal), 'idle')
  t.ok(holder.has('a'), 'a read may be under way')
  await holder.time.advance(1_000)
  await forget.step(signal)
  t.notOk(holder.has('a'))
  t.match(forget.progress(), /^1 keys/)
})

t.test(
  'a hint that comes before the key is forgotten keeps it; so does a layout that makes it an owner',
  async t => {
    const holder = await Holder.open()
    for (const key of ['a', 'b']) await holder.write(key)
    await run(holder.dispatcher())
    await holder.write('a', 'again')
    const forget = new ForgetWorker(holder.context)
    await holder.own([target, holder.context.nodeId])
    await holder.time.advance(1_000)
    await forget.step(signal)
    t.ok(holder.has('a'))
    t.ok(holder.has('b'))
    await holder.time.advance(10_000)
    t.same(holder.context.hints.delivered.due(10), [])
  },
)

t.test('what concerns one hint does not hold up the others', async t => {
  const holder = await Holder.open()
  for (const key of ['a', 'b', 'c']) await holder.write(key)
  const operation = holder.operation('a')
  const damaged = await holder.writeBlock('damaged', operation)
  await holder.writeBlock('sound', operation)
  const name = Buffer.from(damaged).toString('hex')
  holder.disk.lose(`blocks/${name.slice(0, 2)}/${name}`)
  holder.receiver.before = (what, key) => {
    if (what === 'merge' && key === 'a') throw new TorcError('TOO_LARGE', 'no')
  }
  const dispatcher = holder.dispatcher()
  t.same(await run(dispatcher), ['CORRUPT'], 'told once all others went')
  t.same(
    holder.receiver.merged.map(({ key }) => key),
    ['b', 'c'],
  )
  t.same(
    holder.receiver.blocks.map(String),
    ['sound'].map(text => String(Uint8Array.from(Buffer.from(text)))),
  )
  t.same(holder.context.hints.counts.of(target), { keys: 1, blocks: 1 })
  holder.receiver.before = () => undefined
  await holder.writeBlock('damaged', holder.operation('b'), [])
  t.same(await run(dispatcher), [])
  t.same(holder.context.hints.counts.of(target), { keys: 0, blocks: 0 })
})

t.test('what concerns the target ends the round, which begins anew', async t => {
  const holder = await Holder.open()
  for (const key of ['a', 'b', 'c']) await holder.write(key)
  await holder.writeBlock('x', holder.operation('a'))
  for (const step of ['refer', 'put', 'merge'] as const) {
    holder.receiver.before = what => {
      if (what === step) throw new TorcError('UNREACHABLE', 'gone')
    }
    t.same(await run(holder.dispatcher()), ['UNREACHABLE'])
  }
  t.same(holder.context.hints.counts.of(target), { keys: 3, blocks: 0 }, 'what went before has gone')
  holder.receiver.before = () => undefined
  t.same(await run(holder.dispatcher()), [])
  t.equal(holder.receiver.merged.length, 3)
})

t.test('no faster than it may', async t => {
  const holder = await Holder.open()
  for (let n = 0; n < 200; n++) await holder.write(`key-${n}`, 'x'.repeat(1_000))
  const dispatcher = holder.dispatcher(50_000)
  const beganMs = holder.time.monotonicMs()
  for (let steps = 0; holder.context.hints.counts.has(target); steps++) {
    if (steps > 100) throw new Error('it does not end')
    const outcome = await dispatcher.step(signal)
    if (typeof outcome === 'object') await holder.time.advance(outcome.throttledMs)
  }
  const bytes = 200 * 1_000
  const seconds = (holder.time.monotonicMs() - beganMs) / 1_000
  t.ok(seconds >= bytes / 50_000, `${seconds} s`)
  t.ok(seconds < (2 * bytes) / 50_000, `${seconds} s`)
})

t.test('a long history goes in several units, and a unit ends', async t => {
  const holder = await Holder.open()
  for (let n = 0; n < 600; n++) await holder.write('a', String(n).padEnd(15_000))
  const dispatcher = holder.dispatcher()
  let units = 0
  while (holder.context.hints.counts.has(target)) {
    const before = holder.receiver.merged.length
    await dispatcher.step(signal)
    units++
    t.ok((holder.receiver.merged.length - before) * 15_000 < 5e6)
  }
  t.equal(holder.receiver.merged.length, 600, 'each once')
  t.ok(units >= 2 && units < 8, `${units} units`)
})

t.test('hints of one that was relieved are for the present owners, this agent excepted', async t => {
  const holder = await Holder.open()
  await holder.write('a')
  await holder.write('b', 'b', [otherTarget])
  await holder.writeBlock('x', holder.operation('a'))
  await holder.own([otherTarget, 'target-c', holder.context.nodeId])
  holder.receiver.alive = false
  t.same(await run(holder.dispatcher()), [])
  const { counts } = holder.context.hints
  t.same(counts.targets(), [otherTarget, 'target-c'])
  t.same(counts.of(otherTarget), { keys: 2, blocks: 1 })
  t.same(counts.of('target-c'), { keys: 1, blocks: 1 })
  // The same is found out on the way to one that is there.
  await holder.own([target, 'target-d'])
  holder.receiver.alive = true
  t.same(await run(holder.dispatcher(1e9, otherTarget)), [])
  t.same(holder.receiver.merged, [])
  t.same(counts.targets(), [target, 'target-c', 'target-d'])
})

t.test('it does nothing before there is a layout, nor once it is stopped', async t => {
  const holder = await Holder.open()
  await holder.write('a')
  const stop = new AbortController()
  holder.receiver.before = () => stop.abort()
  t.equal(await holder.dispatcher().step(stop.signal), 'idle')
  t.equal(await holder.dispatcher(1e9, 'nobody').step(signal), 'idle')
})
