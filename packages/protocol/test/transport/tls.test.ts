import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { TorcError } from '../../src/errors.js'
import { tcpTransport } from '../../src/transport/tcp.js'
import { transportConformance } from './conformance.js'

// The compiled test lies in build/test/transport; the files (valid for a hundred years) stay beside the source.
const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../test/transport/fixtures/${name}`, import.meta.url))
const files = { cert: fixture('server.pem'), key: fixture('server.key'), ca: fixture('ca.pem') }

transportConformance(t, 'tls', () => tcpTransport(files))

t.test('a certificate that nobody known signed: UNREACHABLE with what to do', async t => {
  const listener = await tcpTransport(files).listen({ host: '127.0.0.1', port: 0 }, connection =>
    connection.destroy(),
  )
  const error = await tcpTransport({})
    .connect(listener.address, { timeoutMs: 5_000 })
    .then(
      () => undefined,
      (error: unknown) => error as TorcError,
    )
  t.equal(error?.code, 'UNREACHABLE')
  t.match(error?.hint, /--tls-ca/)
  await listener.close()
})

t.test('plain TCP to a TLS listener gets no connection', async t => {
  let accepted = 0
  const listener = await tcpTransport(files).listen({ host: '127.0.0.1', port: 0 }, () => accepted++)
  const connection = await tcpTransport().connect(listener.address, { timeoutMs: 5_000 })
  const closed = new Promise<void>(resolve =>
    connection.listen({ onData() {}, onDrain() {}, onClose: () => resolve() }),
  )
  connection.write([Buffer.from('this is no TLS handshake, by far')])
  await closed
  t.equal(accepted, 0)
  await listener.close()
})
