import net from 'node:net'
import t from 'tap'
import type { TorcError } from '../../src/errors.js'
import { tcpTransport } from '../../src/transport/tcp.js'
import type { Connection } from '../../src/transport/transport.js'
import { transportConformance } from './conformance.js'

transportConformance(t, 'tcp', () => tcpTransport())

const failure = (promise: Promise<unknown>): Promise<TorcError> =>
  promise.then(
    () => {
      throw new Error('it should have failed')
    },
    (error: unknown) => error as TorcError,
  )

t.test('an address that this machine does not have: CONFIG', async t => {
  const error = await failure(tcpTransport().listen({ host: '192.0.2.1', port: 0 }, () => {}))
  t.equal(error.code, 'CONFIG')
  t.match(error.hint, /address/)
})

t.test('a host name that nobody knows: UNREACHABLE', async t => {
  const error = await failure(
    tcpTransport().connect({ host: 'no-such-host.invalid', port: 1 }, { timeoutMs: 5_000 }),
  )
  t.equal(error.code, 'UNREACHABLE')
})

t.test('a peer that takes the connection but never speaks TLS: TIMEOUT', async t => {
  const silent = net.createServer(() => {})
  await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as net.AddressInfo
  const sockets: net.Socket[] = []
  silent.on('connection', socket => sockets.push(socket))
  const error = await failure(tcpTransport({}).connect({ host: '127.0.0.1', port }, { timeoutMs: 50 }))
  t.equal(error.code, 'TIMEOUT')
  for (const socket of sockets) socket.destroy()
  silent.close()
})

t.test('a signal stops a connection that is under way', async t => {
  const silent = net.createServer(() => {})
  await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as net.AddressInfo
  const controller = new AbortController()
  silent.on('connection', socket => {
    controller.abort()
    socket.on('error', () => {})
    socket.on('close', () => silent.close())
    socket.resume()
  })
  const error = await failure(
    tcpTransport({}).connect({ host: '127.0.0.1', port }, { timeoutMs: 5_000, signal: controller.signal }),
  )
  t.equal(error.code, 'CANCELLED')
})

t.test('TLS files that are missing, or that are none: CONFIG', async t => {
  t.throws(() => tcpTransport({ cert: '/nowhere/cert.pem' }), { code: 'CONFIG' })
  t.throws(() => tcpTransport({ cert: new URL(import.meta.url).pathname }), { code: 'CONFIG' })
  const error = await failure(tcpTransport({}).listen({ host: '127.0.0.1', port: 0 }, () => {}))
  t.equal(error.code, 'CONFIG')
  t.match(error.hint, /--tls-cert/)
})

t.test('both sides read into the target, and into memory that is used again', async t => {
  let accepted: (connection: Connection) => void = () => {}
  const incoming = new Promise<Connection>(resolve => {
    accepted = resolve
  })
  const transport = tcpTransport()
  const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, connection => accepted(connection))
  const near = await transport.connect(listener.address, { timeoutMs: 5_000 })
  const far = await incoming
  // Before there is a listener: it must not be lost.
  near.write([Buffer.from('early')])
  far.write([Buffer.from('early')])
  for (const [from, to] of [
    [far, near],
    [near, far],
  ] as const) {
    const target = Buffer.alloc(200_000)
    let filled = 0
    let early = ''
    let inPlace = 0
    await new Promise<void>(resolve => {
      to.listen({
        get target() {
          return early === 'early' && filled < target.length ? target.subarray(filled) : undefined
        },
        onData(chunk) {
          if (early !== 'early') {
            early += Buffer.from(chunk).toString()
            from.write([Buffer.alloc(target.length, 7)])
            return
          }
          if (chunk.buffer === target.buffer && chunk.byteOffset === target.byteOffset + filled) inPlace++
          else target.set(chunk, filled)
          filled += chunk.length
          if (filled === target.length) resolve()
        },
        onDrain() {},
        onClose() {},
      })
    })
    t.equal(early, 'early')
    t.ok(inPlace > 0, 'some of it was read where it was wanted')
    t.ok(target.every(byte => byte === 7))
  }
  near.destroy()
  far.destroy()
  await listener.close()
})
