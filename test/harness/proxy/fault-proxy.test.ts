import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { frameType } from '@torc/protocol/messages/frame-types'
import { parseAddress } from '@torc/protocol/transport/transport'
import t, { type Test } from 'tap'
import { FaultProxy } from './fault-proxy.js'
import { FrameSplitter } from './frame-splitter.js'
import { type FrameView, viewFrame } from './frame-view.js'
import { makeFrame } from './make-frame.js'

/** A target that sends every frame back. */
async function startEcho(t: Test): Promise<{ address: string; server: Server }> {
  const server = createServer(socket => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

class Caller {
  readonly socket: Socket
  readonly received: FrameView[] = []
  readonly closed: Promise<unknown>
  #waiting: { count: number; resolve: () => void } | undefined

  constructor(address: string) {
    this.socket = connect({ host: '', port: 0, ...parseAddress(address) })
    this.socket.on('error', () => undefined)
    this.closed = new Promise(resolve => this.socket.once('close', resolve))
    const splitter = new FrameSplitter()
    this.socket.on('data', chunk => {
      for (const bytes of splitter.push(chunk)) this.received.push(viewFrame(bytes))
      if (this.#waiting !== undefined && this.received.length >= this.#waiting.count) this.#waiting.resolve()
    })
  }

  send(...streams: number[]): void {
    for (const stream of streams) this.socket.write(makeFrame(frameType.PING, stream, {}))
  }

  async frames(count: number): Promise<number[]> {
    if (this.received.length < count) {
      await new Promise<void>(resolve => {
        this.#waiting = { count, resolve }
      })
    }
    return this.received.map(frame => frame.stream)
  }
}

async function start(t: Test): Promise<{ proxy: FaultProxy; caller: Caller }> {
  const { address } = await startEcho(t)
  const proxy = await FaultProxy.start(address)
  t.teardown(() => proxy.close())
  const caller = new Caller(proxy.address)
  t.teardown(() => caller.socket.destroy())
  await once(caller.socket, 'connect')
  return { proxy, caller }
}

t.test('without a fault everything passes and is counted', async t => {
  const { proxy, caller } = await start(t)
  caller.send(1, 2)
  caller.socket.write(makeFrame(frameType.DATA, 3, {}, new Uint8Array(1000)))
  caller.socket.write(makeFrame(frameType.PUT, 4, { op: 'object' }, new Uint8Array(70)))
  t.strictSame(await caller.frames(4), [1, 2, 3, 4])
  const bytes = caller.received.reduce((sum, frame) => sum + frame.bytes.length, 0)
  t.strictSame(proxy.counts.toTarget, { bytes, frames: 4, dataBytes: 1000, inlineBytes: 70 })
  t.strictSame(proxy.counts.fromTarget, proxy.counts.toTarget)
  t.equal(proxy.connections, 1)
})

t.test('drop takes the frames that match, as often as was said', async t => {
  const { proxy, caller } = await start(t)
  proxy.drop(frame => frame.stream === 2, 'toTarget')
  proxy.inject({ action: 'drop', matches: frame => frame.stream === 3, times: 1 })
  caller.send(1, 2, 3, 3, 2, 4)
  t.strictSame(await caller.frames(3), [1, 3, 4])
  proxy.heal()
  caller.send(2)
  t.strictSame(await caller.frames(4), [1, 3, 4, 2])
})

t.test('hold keeps order and lets go when it is lifted', async t => {
  const { proxy, caller } = await start(t)
  const release = proxy.hold('fromTarget')
  caller.send(1, 2, 3)
  // The last one passed the proxy on its way there, so that its answer is held by now or about to be.
  while (proxy.counts.toTarget.frames < 3) await new Promise(setImmediate)
  t.equal(caller.received.length, 0)
  release()
  t.strictSame(await caller.frames(3), [1, 2, 3])
})

t.test('delay lets frames arrive later, in order', async t => {
  const { proxy, caller } = await start(t)
  const lift = proxy.delay(60, 'toTarget')
  const started = performance.now()
  caller.send(1)
  await caller.frames(1)
  t.ok(performance.now() - started >= 55, 'it took its time')
  proxy.delay(0)
  caller.send(2)
  lift()
  caller.send(3)
  t.strictSame(await caller.frames(3), [1, 2, 3])
})

t.test('a cut swallows one direction; lifting it breaks the connection that lost frames', async t => {
  const { proxy, caller } = await start(t)
  const mend = proxy.cut('fromTarget')
  caller.send(1)
  while (proxy.counts.toTarget.frames < 1) await new Promise(setImmediate)
  t.equal(proxy.counts.fromTarget.frames, 0)
  mend()
  mend()
  await caller.closed
  const next = new Caller(proxy.address)
  next.send(7)
  t.strictSame(await next.frames(1), [7])
  proxy.cut()
  next.send(8)
  proxy.heal()
  await next.closed
  t.equal(next.received.length, 1)
})

t.test('a cut between the target and some of its peers leaves the others alone', async t => {
  const { proxy } = await start(t)
  const [near, far] = [new Caller(proxy.address), new Caller(proxy.address)]
  for (const caller of [near, far]) t.teardown(() => caller.socket.destroy())
  near.socket.write(makeFrame(frameType.HELLO, 1, { name: 'near' }))
  far.socket.write(makeFrame(frameType.HELLO, 1, { name: 'far' }))
  await Promise.all([near.frames(1), far.frames(1)])
  const mend = proxy.cutOff(name => name === 'far')
  far.send(2)
  near.send(2)
  t.strictSame(await near.frames(2), [1, 2])
  const next = new Caller(proxy.address)
  t.teardown(() => next.socket.destroy())
  next.socket.write(makeFrame(frameType.HELLO, 1, { name: 'far' }))
  near.send(3)
  await near.frames(3)
  t.equal(far.received.length, 1, 'nobody is told')
  t.equal(next.received.length, 0, 'nor can it come back')
  mend()
  await Promise.all([far.closed, next.closed])
  near.send(4)
  t.strictSame(await near.frames(4), [1, 2, 3, 4])
})

t.test('close breaks the connection at a frame; refuse turns new ones away', async t => {
  const { proxy, caller } = await start(t)
  proxy.inject({ action: 'close', matches: frame => frame.stream === 2 })
  caller.send(1)
  await caller.frames(1)
  caller.send(2)
  await caller.closed
  t.equal(caller.received.length, 1)
  proxy.refuse(true)
  await new Caller(proxy.address).closed
  proxy.heal()
  const next = new Caller(proxy.address)
  next.send(5)
  t.strictSame(await next.frames(1), [5])
  next.socket.end()
  await next.closed
  t.pass('an end passes through')
})

t.test('a target that is not there closes the caller', async t => {
  const { address, server } = await startEcho(t)
  server.close()
  await once(server, 'close')
  const proxy = await FaultProxy.start(address)
  t.teardown(() => proxy.close())
  await new Caller(proxy.address).closed
  t.pass('closed')
})
