import net from 'node:net'
import t from 'tap'
import type { TorcError } from '../../src/errors.js'
import { tcpTransport } from '../../src/transport/tcp.js'
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
