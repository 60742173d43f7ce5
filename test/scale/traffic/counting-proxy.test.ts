import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { frameType } from '@torc/protocol/messages/frame-types'
import t, { type Test } from 'tap'
import { makeFrame } from '../../harness/proxy/make-frame.js'
import { Conversation, type Traffic } from './conversation.js'
import { CountingProxy } from './counting-proxy.js'

/** A target that hands over its end of each connection. */
async function start(t: Test): Promise<{ proxy: CountingProxy; caller: Socket; callee: Socket }> {
  const server: Server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('no port was bound')
  const proxy = await CountingProxy.start()
  t.teardown(() => proxy.close())
  const refused = open(proxy)
  await new Promise(resolve => refused.on('close', resolve))
  proxy.target = `127.0.0.1:${bound.port}`
  const caller = open(proxy)
  const [callee] = (await once(server, 'connection')) as [Socket]
  return { proxy, caller, callee }
}

function open(proxy: CountingProxy): Socket {
  const socket = connect(Number(proxy.address.split(':')[1]), '127.0.0.1')
  socket.on('error', () => undefined)
  return socket
}

async function received(socket: Socket, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; ) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    left -= chunk.length
  }
}

t.test('passes all on, counts while asked to, and knows what is without answer', async t => {
  const { proxy, caller, callee } = await start(t)
  const before = makeFrame(frameType.FETCH, 1, { op: 'key' })
  caller.write(before)
  await received(callee, before.length)
  t.same(proxy.traffic, { bytes: 0, requests: 0, open: 0 }, 'not asked to')

  proxy.count()
  const request = makeFrame(frameType.POST, 3, { op: 'mint' }, Buffer.alloc(100))
  caller.write(request.subarray(0, 7))
  caller.write(request.subarray(7))
  await received(callee, request.length)
  t.same(proxy.traffic, { bytes: request.length, requests: 1, open: 1 })

  let settled = false
  const settling = proxy.settled().then(() => {
    settled = true
  })
  t.equal(settled, false)
  const answer = makeFrame(frameType.RESULT, 3, {})
  callee.write(answer)
  await received(caller, answer.length)
  await settling
  t.same(proxy.traffic, { bytes: request.length + answer.length, requests: 1, open: 0 })

  proxy.count()
  t.equal(proxy.traffic.bytes, 0)
  t.equal(proxy.traffic.requests, 0)
  caller.write(makeFrame(frameType.POST, 5, { op: 'mint' }))
  await once(callee, 'data')
  t.equal(proxy.traffic.open, 1)
  callee.destroy()
  await proxy.settled()
  t.equal(proxy.traffic.open, 0, 'nobody will answer any more')
})

t.test('only requests and their answers count', async t => {
  const traffic: Traffic = { bytes: 0, requests: 0, open: 0 }
  const conversation = new Conversation(traffic)
  const see = (type: number, stream: number, head: object): number => {
    const before = traffic.bytes
    conversation.see(makeFrame(type, stream, head))
    return traffic.bytes - before
  }
  const { HELLO, WELCOME, PING, PONG, GOSSIP, FETCH, FETCH_RESP, RESULT, DATA, WATCH, EVENT } = frameType
  for (const type of [HELLO, WELCOME, PING, PONG]) t.equal(see(type, 0, {}), 0)
  t.equal(see(GOSSIP, 1, {}), 0)
  t.equal(see(RESULT, 1, {}), 0, 'the answer to gossip')
  t.ok(see(FETCH, 2, { op: 'range' }) > 0)
  t.ok(see(FETCH_RESP, 2, { keys: [] }) > 0)
  t.equal(traffic.open, 1, 'more comes')
  t.ok(see(FETCH_RESP, 2, { keys: [], end: true }) > 0)
  t.equal(traffic.open, 0)
  t.ok(see(DATA, 4, {}) > 0)
  t.ok(see(WATCH, 6, { op: 'bucket' }) > 0)
  t.equal(traffic.open, 1)
  t.ok(see(EVENT, 6, { changes: [] }) > 0)
  t.equal(traffic.open, 0)
  t.equal(traffic.requests, 2)
})
