import type { Connection } from '@torc/protocol/transport/transport'
import fc from 'fast-check'
import t from 'tap'
import { Scheduler } from '../scheduler.js'
import { SeededRandom } from '../seeded-random.js'
import { SimulatedProcess } from '../simulated-process.js'
import { SimulatedNetwork } from './network.js'

/** Two machines; `b` listens on port 7000. */
async function twoMachines(seed: string | number = 1) {
  const scheduler = new Scheduler()
  const random = new SeededRandom(seed)
  const network = new SimulatedNetwork({ scheduler, random: random.fork('network'), partitionBreaksMs: 1000 })
  const start = (name: string) => new SimulatedProcess({ name, scheduler, random: random.fork(name) })
  const a = start('a')
  const b = start('b')
  const accepted: Recorder[] = []
  await network.transportOf(b).listen({ host: 'b', port: 7000 }, connection => {
    accepted.push(new Recorder(connection))
  })
  const transport = network.transportOf(a)
  const connect = (timeoutMs = 500, signal?: AbortSignal) =>
    transport.connect({ host: 'b', port: 7000 }, signal === undefined ? { timeoutMs } : { timeoutMs, signal })
  const opened = async () => new Recorder(await scheduler.drive(connect()))
  return { scheduler, network, a, b, accepted, connect, opened, transport }
}

/** Takes down what a connection reports. */
class Recorder {
  readonly connection: Connection
  readonly chunks: Uint8Array[] = []
  readonly closes: (Error | undefined)[] = []
  drains = 0

  constructor(connection: Connection) {
    this.connection = connection
    connection.listen({
      onData: chunk => void this.chunks.push(Buffer.from(chunk)),
      onDrain: () => void this.drains++,
      onClose: error => void this.closes.push(error),
    })
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString()
  }

  get bytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  }
}

t.test('bytes arrive whole, in order, after a delay', async t => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 }),
      fc.nat(),
      async (writes, seed) => {
        const { scheduler, accepted, opened } = await twoMachines(seed)
        const mine = await opened()
        const startedMs = scheduler.nowMs
        for (const bytes of writes) mine.connection.write([bytes.subarray(0, 3), bytes.subarray(3)])
        await scheduler.runFor(100)
        const [theirs] = accepted
        if (theirs === undefined) throw new Error('nobody was accepted')
        return Buffer.concat(theirs.chunks).equals(Buffer.concat(writes)) && scheduler.nowMs > startedMs
      },
    ),
    { numRuns: 50 },
  )
  t.pass()
})

t.test('what was written may be changed afterwards', async t => {
  const { scheduler, accepted, opened } = await twoMachines()
  const mine = await opened()
  const buffer = Buffer.from('before')
  mine.connection.write([buffer])
  buffer.fill('x')
  await scheduler.runFor(10)
  t.equal(accepted[0]?.text, 'before')
})

t.test('nobody listens: UNREACHABLE; held: TIMEOUT; aborted: CANCELLED', async t => {
  const { scheduler, network, transport, connect } = await twoMachines()
  const nowhere = transport.connect({ host: 'b', port: 1 }, { timeoutMs: 500 })
  await t.rejects(scheduler.drive(nowhere), { code: 'UNREACHABLE' })
  network.link('a', 'b').hold()
  const startedMs = scheduler.nowMs
  await t.rejects(scheduler.drive(connect(500)), { code: 'TIMEOUT' })
  t.equal(scheduler.nowMs - startedMs, 500)
  const controller = new AbortController()
  const cancelled = connect(500, controller.signal)
  scheduler.schedule(10, 'abort', () => controller.abort())
  await t.rejects(scheduler.drive(cancelled), { code: 'CANCELLED' })
  network.heal()
  await scheduler.drive(connect(500))
})

t.test('a reader that pauses stops its peer, and resuming drains it', async t => {
  const { scheduler, accepted, opened } = await twoMachines()
  const mine = await opened()
  const [theirs] = accepted
  theirs?.connection.pause()
  const piece = Buffer.alloc(100_000, 7)
  let queued = 0
  for (let count = 0; count < 10; count++) queued = mine.connection.write([piece])
  t.ok(queued >= 700_000, 'the rest waits on the sender')
  await scheduler.runFor(100)
  t.equal(theirs?.bytes, 0)
  t.equal(mine.drains, 0)
  theirs?.connection.resume()
  await scheduler.runFor(100)
  t.equal(theirs?.bytes, 1_000_000)
  t.equal(mine.connection.queuedBytes, 0)
  t.equal(mine.drains, 1)
})

t.test('end sends what is queued, then both sides close without an error', async t => {
  const { scheduler, network, accepted, opened } = await twoMachines()
  const mine = await opened()
  mine.connection.write([Buffer.alloc(900_000)])
  mine.connection.end()
  t.equal(mine.connection.write([Buffer.from('late')]), mine.connection.queuedBytes, 'nothing after the end')
  await scheduler.runFor(100)
  t.equal(accepted[0]?.bytes, 900_000)
  t.same(accepted[0]?.closes, [undefined])
  t.same(mine.closes, [undefined])
  t.equal(network.openConnections, 0)
})

t.test('a hold delays one direction, loses nothing and keeps the order', async t => {
  const { scheduler, network, accepted, opened } = await twoMachines()
  const mine = await opened()
  const [theirs] = accepted
  network.link('a', 'b').hold()
  mine.connection.write([Buffer.from('one ')])
  theirs?.connection.write([Buffer.from('answer')])
  await scheduler.runFor(60_000)
  t.equal(theirs?.text, '')
  t.equal(mine.text, 'answer', 'the other direction is open')
  mine.connection.write([Buffer.from('two ')])
  network.link('a', 'b').release()
  mine.connection.write([Buffer.from('three')])
  await scheduler.runFor(10)
  t.equal(theirs?.text, 'one two three')
})

t.test('a short partition delays, a long one breaks the connection', async t => {
  const { scheduler, network, accepted, opened } = await twoMachines()
  const mine = await opened()
  network.partition(['a'], ['b'])
  mine.connection.write([Buffer.from('delayed')])
  await scheduler.runFor(500)
  network.heal()
  await scheduler.runFor(10)
  t.equal(accepted[0]?.text, 'delayed')
  await scheduler.runFor(1000)
  t.same(mine.closes, [], 'healed in time')
  network.partition(['a'], ['b'])
  await scheduler.runFor(1100)
  t.match(mine.closes, [/ECONNRESET/])
  t.match(accepted[0]?.closes, [/ECONNRESET/])
})

t.test('a slow link keeps the order, and is as fast as before afterwards', async t => {
  const { scheduler, network, accepted, opened } = await twoMachines()
  const mine = await opened()
  const link = network.link('a', 'b')
  const faster = link.slow({ minMs: 100, maxMs: 100 })
  const slower = link.slow({ minMs: 500, maxMs: 500 })
  mine.connection.write([Buffer.from('one ')])
  slower()
  slower()
  t.same(link.delay, { minMs: 100, maxMs: 100 })
  mine.connection.write([Buffer.from('two')])
  await scheduler.runFor(450)
  t.equal(accepted[0]?.text, '', 'the second waits for the first')
  await scheduler.runFor(100)
  t.equal(accepted[0]?.text, 'one two')
  faster()
  t.ok(link.delay.maxMs < 1)
})

t.test('holds add up', async t => {
  const { scheduler, network, accepted, opened } = await twoMachines()
  const mine = await opened()
  const heal = network.partition(['a'], ['b'])
  network.link('a', 'b').hold()
  mine.connection.write([Buffer.from('twice held')])
  heal()
  await scheduler.runFor(10)
  t.equal(accepted[0]?.text, '')
  network.link('a', 'b').release()
  network.link('a', 'b').release()
  await scheduler.runFor(10)
  t.equal(accepted[0]?.text, 'twice held')
  network.link('a', 'b').hold()
  t.equal(network.link('a', 'b').held, true, 'a release too many does not count')
})

t.test('a one-way partition lets answers through', async t => {
  const { scheduler, network, accepted, opened } = await twoMachines()
  const mine = await opened()
  network.partition(['b'], ['a'], { oneWay: true })
  mine.connection.write([Buffer.from('question')])
  accepted[0]?.connection.write([Buffer.from('answer')])
  await scheduler.runFor(10)
  t.equal(accepted[0]?.text, 'question')
  t.equal(mine.text, '')
})

t.test('the death of a process resets its connections and frees its port', async t => {
  const { scheduler, b, accepted, opened, connect } = await twoMachines()
  const mine = await opened()
  mine.connection.write([Buffer.from('unseen')])
  b.kill()
  await scheduler.runFor(10)
  t.match(mine.closes, [/ECONNRESET/])
  t.equal(accepted[0]?.text, '', 'the dead see nothing')
  t.same(accepted[0]?.closes, [])
  await t.rejects(scheduler.drive(connect()), { code: 'UNREACHABLE' })
})

t.test('timers of a dead process never fire', async t => {
  const { scheduler, a } = await twoMachines()
  let fired = 0
  a.environment.clock.after(10, () => fired++)
  a.environment.clock.soon(() => fired++)
  a.kill()
  await scheduler.runFor(100)
  t.equal(fired, 0)
})

t.test('one seed, one trace', async t => {
  const run = async (seed: number) => {
    const { scheduler, accepted, opened } = await twoMachines(seed)
    const mine = await opened()
    for (let count = 0; count < 20; count++) mine.connection.write([Buffer.alloc(100, count)])
    await scheduler.runFor(100)
    t.equal(accepted[0]?.bytes, 2000)
    return scheduler.trace.digest()
  }
  t.equal(await run(5), await run(5))
  t.not(await run(5), await run(6))
})
