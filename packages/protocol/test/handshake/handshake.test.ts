import t from 'tap'
import { systemClock, systemEnvironment } from '../../src/environment/system.js'
import { errorCodeOf, TorcError } from '../../src/errors.js'
import { acceptExchanges, connectExchange } from '../../src/exchange/endpoint.js'
import type { Exchange } from '../../src/exchange/exchange.js'
import { encodeFrame } from '../../src/frames/encoder.js'
import { makeHello, ownLimits, proofOf } from '../../src/handshake/hello.js'
import type { Credentials, Identity } from '../../src/handshake/identity.js'
import { limits } from '../../src/limits.js'
import { frameType } from '../../src/messages/frame-types.js'
import { memoryTransport } from '../../src/transport/memory.js'
import type { Connection, Transport } from '../../src/transport/transport.js'
import {
  clientIdentity,
  clusterId,
  clusterSecret,
  environmentWith,
  failure,
  nodeIdentity,
} from '../support/endpoints.js'
import { RawPeer } from '../support/raw-peer.js'
import { VirtualClock } from '../support/virtual-clock.js'

const address = { host: '127.0.0.1', port: 0 }
const serverIdentity = nodeIdentity('server', 'server')

const credentials: Credentials = {
  secretOf: (role, id) =>
    role !== 'client'
      ? clusterSecret
      : id === 'TESTKEY'
        ? Promise.resolve(Buffer.from('a client’s secret'))
        : undefined,
}

async function listen(transport: Transport, overrides: Partial<Parameters<typeof acceptExchanges>[2]> = {}) {
  return acceptExchanges(transport, address, {
    identity: serverIdentity,
    credentials,
    handlers: {},
    environment: systemEnvironment,
    allowedRoles: ['client', 'server'],
    ...overrides,
  })
}

t.test('a client learns the cluster and the peer', async t => {
  const transport = memoryTransport(systemClock)
  const arrived: Exchange[] = []
  const acceptor = await listen(transport, { onExchange: exchange => arrived.push(exchange) })
  const exchange = await connectExchange(transport, acceptor.address, {
    identity: clientIdentity(),
    environment: systemEnvironment,
    expectedRoles: ['server'],
  })
  t.match(exchange.peer, { role: 'server', id: 'server-00000001', name: 'server', clusterId, features: [] })
  t.match(arrived[0]?.peer, { role: 'client', id: 'TESTKEY', clusterId, address: /^127\.0\.0\.1:\d+$/ })
  t.equal(acceptor.exchanges.size, 1)
  await acceptor.close(0)
  t.match(await exchange.closed, { code: 'UNREACHABLE' })
  t.equal(acceptor.exchanges.size, 0)
})

t.test('who is refused, and what they are told', async t => {
  const cases: [string, Identity, Parameters<typeof connectExchange>[2]['expectedRoles'], string, RegExp][] =
    [
      [
        'a wrong secret key',
        clientIdentity('wrong'),
        undefined,
        'DENIED',
        /TESTKEY is unknown or its secret is wrong/,
      ],
      [
        'an unknown access key',
        { ...clientIdentity(), id: 'OTHER' },
        undefined,
        'DENIED',
        /OTHER is unknown or its secret/,
      ],
      [
        'a wrong cluster secret',
        { ...nodeIdentity('server', 'b'), secret: Buffer.alloc(32) },
        undefined,
        'DENIED',
        /cluster's secret/,
      ],
      [
        'another cluster',
        { ...nodeIdentity('server', 'b'), clusterId: 'ff' },
        undefined,
        'DENIED',
        /belongs to cluster ff/,
      ],
      [
        'a role that is not taken',
        nodeIdentity('agent', 'a'),
        undefined,
        'DENIED',
        /takes no connections of an agent/,
      ],
      [
        'a peer of another role than expected',
        clientIdentity(),
        ['agent'],
        'CONFIG',
        /a Torc server, not agent/,
      ],
    ]
  const transport = memoryTransport(systemClock)
  const acceptor = await listen(transport)
  for (const [name, identity, expectedRoles, code, message] of cases) {
    const error = await failure(
      connectExchange(transport, acceptor.address, {
        identity,
        environment: systemEnvironment,
        expectedRoles,
      }),
    )
    t.equal(error.code, code, name)
    t.match(error.message, message, name)
    t.ok(error.hint.length > 10, name)
  }
  t.equal(acceptor.exchanges.size, 0)
  await acceptor.close(0)
})

t.test('an acceptor that can not look up secrets says so', async t => {
  const transport = memoryTransport(systemClock)
  const acceptor = await listen(transport, {
    credentials: { secretOf: () => Promise.reject(new TorcError('UNAVAILABLE', 'no keys yet')) },
  })
  const error = await failure(
    connectExchange(transport, acceptor.address, {
      identity: clientIdentity(),
      environment: systemEnvironment,
    }),
  )
  t.match(error, { code: 'UNAVAILABLE', message: 'no keys yet' })
  await acceptor.close(0)
})

/** Connects by hand and sends these frames; resolves with the ERROR that comes back. */
async function refusal(transport: Transport, to: typeof address, bytes: Uint8Array) {
  const peer = new RawPeer(await transport.connect(to, { timeoutMs: 1_000 }))
  peer.sendBytes(bytes)
  const frame = await peer.next(frame => frame.type === frameType.ERROR)
  await peer.sawClose
  return {
    code: errorCodeOf(Number(frame?.head.code)),
    message: String(frame?.head.message),
    frames: peer.frames,
  }
}

t.test('a handshake that is malformed', async t => {
  const transport = memoryTransport(systemClock)
  const acceptor = await listen(transport)
  const hello = makeHello(clientIdentity(), ownLimits, systemEnvironment)
  const frame = (type: number, head: object, stream = 0): Uint8Array =>
    Buffer.concat(encodeFrame(type, stream, head as Record<string, unknown>))
  const good = frame(frameType.HELLO, hello)
  const cases: [string, Uint8Array, RegExp][] = [
    ['a request first', frame(frameType.PUT, {}), /HELLO was due/],
    ['HELLO on a stream', frame(frameType.HELLO, hello, 1), /HELLO was due/],
    ['HELLO without fields', frame(frameType.HELLO, {}), /HELLO is malformed/],
    ['a nonce too short', frame(frameType.HELLO, { ...hello, nonce: Buffer.alloc(31) }), /nonce/],
    ['a role that nobody has', frame(frameType.HELLO, { ...hello, role: 'king' }), /role/],
    [
      'limits above the protocol’s',
      frame(frameType.HELLO, { ...hello, limits: { ...hello.limits, dataBytesMax: 2 ** 31 } }),
      /dataBytesMax/,
    ],
    [
      'a later protocol',
      frame(frameType.HELLO, { ...hello, protocolMin: 2, protocolMax: 3 }),
      /no common protocol version/,
    ],
    ['HELLO twice', Buffer.concat([good, good]), /WELCOME was due/],
    ['WELCOME without a proof', Buffer.concat([good, frame(frameType.WELCOME, {})]), /WELCOME is malformed/],
    [
      'a wrong proof',
      Buffer.concat([good, frame(frameType.WELCOME, { proof: Buffer.alloc(32) })]),
      /its secret is wrong/,
    ],
    [
      'a frame after WELCOME',
      Buffer.concat([good, frame(frameType.WELCOME, { proof: Buffer.alloc(32) }), good]),
      /before the handshake was over/,
    ],
    ['a large frame', frame(frameType.HELLO, { ...hello, extra: 'x'.repeat(5_000) }), /4 to 4096/],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), /length of/],
  ]
  for (const [name, bytes, wanted] of cases) {
    const { code, message, frames } = await refusal(transport, acceptor.address, bytes)
    t.match(message, wanted, name)
    t.ok(code === 'PROTOCOL' || code === 'DENIED')
    t.notOk(
      frames.some(frame => frame.type === frameType.WELCOME),
      'no proof is given away',
    )
  }
  await acceptor.close(0)
})

/** Something that listens and answers by hand. */
async function impostor(transport: Transport, onHello: (peer: RawPeer) => void) {
  return transport.listen(address, (connection: Connection) => {
    const peer = new RawPeer(connection)
    peer.next(frame => frame.type === frameType.HELLO).then(() => onHello(peer))
  })
}

t.test('an initiator gives nothing to an acceptor that does not know the secret', async t => {
  const transport = memoryTransport(systemClock)
  const hello = Buffer.concat(
    encodeFrame(frameType.HELLO, 0, makeHello(serverIdentity, ownLimits, systemEnvironment)),
  )
  const listener = await impostor(transport, peer => {
    const initiatorHello = peer.lastBytes
    peer.sendBytes(hello)
    peer
      .next(frame => frame.type === frameType.WELCOME)
      .then(frame => {
        // Its own proof, sent back: the labels differ, so that it does not pass.
        const reflected = frame?.head.proof as Uint8Array
        t.notSame(reflected, proofOf(Buffer.from('a client’s secret'), 'acceptor', initiatorHello, hello))
        peer.send(frameType.WELCOME, 0, { proof: reflected })
      })
  })
  const error = await failure(
    connectExchange(transport, listener.address, {
      identity: clientIdentity(),
      environment: systemEnvironment,
    }),
  )
  t.match(error, { code: 'DENIED', message: /does not know the secret/ })
  await listener.close()
})

t.test('an acceptor that closes, or that answers nonsense', async t => {
  const transport = memoryTransport(systemClock)
  const closing = await impostor(transport, peer => peer.connection.destroy())
  const nonsense = await impostor(transport, peer => peer.sendBytes(Buffer.from('SSH-2.0-OpenSSH\r\n')))
  const options = { identity: clientIdentity(), environment: systemEnvironment }
  t.match(await failure(connectExchange(transport, closing.address, options)), {
    code: 'UNREACHABLE',
    message: /during the handshake/,
  })
  t.match(await failure(connectExchange(transport, nonsense.address, options)), { code: 'PROTOCOL' })
  await closing.close()
  await nonsense.close()
})

t.test('silence: both sides give up in time; a signal ends it sooner', async t => {
  const clock = new VirtualClock()
  const transport = memoryTransport(clock)
  const environment = environmentWith(clock)
  const silent = await impostor(transport, () => {})
  const controller = new AbortController()
  const timed = failure(
    connectExchange(transport, silent.address, { identity: clientIdentity(), environment }),
  )
  const aborted = failure(
    connectExchange(transport, silent.address, {
      identity: clientIdentity(),
      environment,
      signal: controller.signal,
    }),
  )
  await clock.advance(100)
  controller.abort()
  t.match(await aborted, { code: 'CANCELLED' })
  await clock.advance(limits.handshakeMs)
  t.match(await timed, { code: 'TIMEOUT', message: /no handshake within \d+ ms/ })

  const acceptor = await listen(transport, { environment })
  const mute = new RawPeer(await transport.connect(acceptor.address, { timeoutMs: 1_000 }))
  await clock.advance(limits.handshakeMs + 1)
  t.match((await mute.next(frame => frame.type === frameType.ERROR))?.head.message, /no handshake/)
  await mute.sawClose

  const waiting = new RawPeer(await transport.connect(acceptor.address, { timeoutMs: 1_000 }))
  await clock.advance(1)
  await acceptor.close(0)
  t.match((await waiting.next(frame => frame.type === frameType.ERROR))?.head.message, /shutting down/)
  await clock.advance(2_000)
  await silent.close()
})

t.test('connections that prove nothing are bounded', async t => {
  const clock = new VirtualClock()
  const transport = memoryTransport(clock)
  const acceptor = await listen(transport, { environment: environmentWith(clock) })
  const peers = await Promise.all(
    Array.from(
      { length: limits.handshakesMax + 10 },
      async () => new RawPeer(await transport.connect(acceptor.address, { timeoutMs: 1_000 })),
    ),
  )
  await clock.advance(10)
  t.equal(peers.filter(peer => peer.closed).length, 10)
  for (const peer of peers) peer.connection.destroy()
  await clock.advance(10)
  await acceptor.close(0)
})
