import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '@torc/protocol/environment/log'
import { silentLog } from '@torc/protocol/environment/log'
import { systemEnvironment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import t, { type Test } from 'tap'
import { type HttpBounds, httpBounds } from '../../src/http/bounds.js'
import type { HttpCall } from '../../src/http/face.js'
import { Listener } from '../../src/http/listener.js'
import { HttpMetrics } from '../../src/http/metrics.js'
import { RawClient } from './raw-client.js'

type Answer = (request: IncomingMessage, response: ServerResponse, call: HttpCall) => Promise<void>

interface Setup {
  readonly listener: Listener
  readonly metrics: HttpMetrics
  client(): Promise<RawClient>
}

async function listen(
  t: Test,
  answer: Answer,
  bounds: Partial<HttpBounds> = {},
  log: Log = silentLog,
): Promise<Setup> {
  const metrics = new HttpMetrics()
  const listener = await Listener.open({
    face: { name: 'rest', answer },
    listen: { host: '127.0.0.1', port: 0 },
    bounds: { ...httpBounds, drainMs: 200, ...bounds },
    ...{ metrics, log, environment: systemEnvironment },
  })
  const clients: RawClient[] = []
  t.teardown(async () => {
    for (const client of clients) client.end()
    await listener.close()
  })
  return {
    listener,
    metrics,
    async client() {
      const client = await RawClient.connect(listener.address)
      clients.push(client)
      return client
    },
  }
}

const hello: Answer = async (_request, response, call) => {
  response.end(`hello ${call.requestId}`)
}

const get = (path: string, ...headers: string[]): string =>
  ['GET ', path, ' HTTP/1.1\r\nHost: here\r\n', ...headers.map(line => `${line}\r\n`), '\r\n'].join('')

/** Resolves when the signal of a call aborts. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

t.test('a request has an id, one line in the log without its query, and its place in the counts', async t => {
  const lines: object[] = []
  let onLine = (): void => {}
  const logged = new Promise<void>(resolve => {
    onLine = resolve
  })
  const log: Log = {
    ...silentLog,
    debug(facts) {
      lines.push(facts)
      onLine()
    },
  }
  const { client, metrics } = await listen(t, hello, {}, log)
  const one = await client()
  one.send(get('/a/b?secret=x', 'X-Request-Id: mine-1'))
  t.match(await one.until('hello mine-1'), /x-request-id: mine-1/i)
  await logged
  t.match(lines, [{ requestId: 'mine-1', path: '/a/b', method: 'GET', status: 200, face: 'rest' }])
  t.notMatch(JSON.stringify(lines), 'secret')
  const two = await client()
  two.send(get('/', 'X-Request-Id: forged line', 'Connection: close'))
  t.match(await two.untilClosed(), /hello [0-9a-f]{16}$/, 'an id that could forge a line is replaced')
  t.match(
    await metrics.registry.metrics(),
    /torc_http_requests_total\{face="rest",method="GET",status="200"\} [12]/,
  )
})

t.test('what is no HTTP is refused in the words of HTTP', async t => {
  const { client, metrics } = await listen(t, hello, { headerBytesMax: 1024 })
  const garbage = await client()
  garbage.send('\x16\x03\x01 nonsense\r\n\r\n')
  t.match(await garbage.untilClosed(), /^HTTP\/1\.1 400 /)
  const large = await client()
  large.send(get('/', `X-Large: ${'x'.repeat(4000)}`))
  t.match(await large.untilClosed(), /^HTTP\/1\.1 431 /)
  const smuggled = await client()
  smuggled.send(
    'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  )
  t.match(await smuggled.untilClosed(), /^HTTP\/1\.1 400 /, 'two lengths at once')
  const nameless = await client()
  nameless.send('GET / HTTP/1.1\r\n\r\n')
  t.match(await nameless.until('400'), /^HTTP\/1\.1 400 /)
  t.match(await metrics.registry.metrics(), /torc_http_refused_total\{face="rest",why="malformed"\} 3/)
})

t.test('a client that begins its headers and goes no further is cut', async t => {
  const { client } = await listen(t, hello, { headersMs: 100 })
  const slow = await client()
  slow.send('GET / HTTP/1.1\r\nHost: h\r\nX-')
  t.match(await slow.untilClosed(), /^(HTTP\/1\.1 408 .*)?$/s)
})

t.test('a client that owes a body and sends nothing more is cut, and the request ends', async t => {
  let ended: unknown
  let onEnded = (): void => {}
  const seen = new Promise<void>(resolve => {
    onEnded = resolve
  })
  const { client, metrics } = await listen(
    t,
    async (request, _response, call) => {
      try {
        for await (const _ of request);
      } catch {
        await aborted(call.signal)
        ended = call.signal.reason
        onEnded()
      }
    },
    { stillMs: 100 },
  )
  const slow = await client()
  slow.send('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nten bytes.')
  t.equal(await slow.untilClosed(), '')
  await seen
  t.match(ended, new TorcError('CANCELLED', 'its client stood still for 100 ms'))
  t.match(await metrics.registry.metrics(), /refused_total\{face="rest",why="slow"\} 1/)
})

t.test('a reader that takes nothing is cut', async t => {
  let onCut = (): void => {}
  const cut = new Promise<void>(resolve => {
    onCut = resolve
  })
  const { client } = await listen(
    t,
    async (_request, response, call) => {
      response.write(Buffer.alloc(64 * 1024 * 1024))
      await aborted(call.signal)
      onCut()
    },
    { stillMs: 100 },
  )
  const reader = await client()
  reader.socket.pause()
  reader.send(get('/'))
  await cut
  t.pass('the request was aborted')
})

t.test(
  'an answer before the end of the body is read by its client, and the connection does not stay',
  async t => {
    const { client } = await listen(
      t,
      async (_request, response) => {
        response.statusCode = 403
        response.end('no')
      },
      { lingerMs: 100 },
    )
    const one = await client()
    one.send('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nbegin')
    t.match(await one.untilClosed(), /^HTTP\/1\.1 403 .*no$/s)
  },
)

t.test('a client that waits for leave to send its body gets it when the body is read', async t => {
  const bodies: string[] = []
  const { client } = await listen(
    t,
    async (request, response) => {
      if (request.url === '/refused') response.statusCode = 401
      else for await (const piece of request) bodies.push(String(piece))
      response.end('done')
    },
    { lingerMs: 50 },
  )
  const put = (path: string): string =>
    `PUT ${path} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`
  const taken = await client()
  taken.send(put('/taken'))
  t.equal(await taken.until('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
  taken.send('hello')
  t.match(await taken.until('done'), /HTTP\/1\.1 200 OK/)
  t.strictSame(bodies, ['hello'])
  const refused = await client()
  refused.send(put('/refused'))
  t.match(await refused.untilClosed(), /^HTTP\/1\.1 401 /)
})

t.test('a face that goes on writing to a client that has gone harms nobody', async t => {
  let onDone = (): void => {}
  const done = new Promise<void>(resolve => {
    onDone = resolve
  })
  const { client } = await listen(t, async (_request, response, call) => {
    response.write('begin')
    await aborted(call.signal)
    response.write('more')
    response.end('end')
    onDone()
  })
  const one = await client()
  one.send(get('/'))
  await one.until('begin')
  one.end()
  await done
  await new Promise(setImmediate)
  const other = await client()
  other.send(get('/'))
  t.match(await other.until('begin'), /200 OK/)
})

t.test('a port that closes lets what is under way end, and takes nothing new', async t => {
  let go = (): void => {}
  let onBegan = (): void => {}
  const began = new Promise<void>(resolve => {
    onBegan = resolve
  })
  const { client, listener } = await listen(
    t,
    async (_request, response) => {
      onBegan()
      await new Promise<void>(resolve => {
        go = resolve
      })
      response.end('done')
    },
    { drainMs: 20_000 },
  )
  const [busy, idle] = [await client(), await client()]
  busy.send(get('/'))
  await began
  const closed = listener.close()
  await idle.closed
  await t.rejects(RawClient.connect(listener.address), { code: 'ECONNREFUSED' })
  go()
  t.match(await busy.untilClosed(), /^HTTP\/1\.1 200 .*connection: close.*done$/is)
  await closed
})

t.test('a port that closes cuts what does not end in time', async t => {
  let signal: AbortSignal | undefined
  let onBegan = (): void => {}
  const began = new Promise<void>(resolve => {
    onBegan = resolve
  })
  const { client, listener } = await listen(
    t,
    async (_request, _response, call) => {
      signal = call.signal
      onBegan()
      await aborted(call.signal)
    },
    { drainMs: 50 },
  )
  const busy = await client()
  busy.send(get('/'))
  await began
  await listener.close()
  await busy.closed
  t.match(signal?.reason, new TorcError('CANCELLED', 'the gateway stops'))
})

t.test('more connections than may be are refused', async t => {
  const { client, metrics } = await listen(t, hello, { connectionsMax: 1 })
  const first = await client()
  first.send(get('/'))
  await first.until('hello')
  const second = await client()
  await second.closed
  t.match(await metrics.registry.metrics(), /refused_total\{face="rest",why="crowded"\} 1/)
})

t.test('a face that fails leaves no request open; a port in use says so', async t => {
  const errors: object[] = []
  const { client, listener } = await listen(
    t,
    async () => {
      throw new Error('a defect')
    },
    {},
    { ...silentLog, error: facts => void errors.push(facts) },
  )
  const one = await client()
  one.send(get('/'))
  t.equal(await one.untilClosed(), '')
  t.match(errors, [{ err: { message: 'a defect' } }])
  const again = Listener.open({
    face: { name: 's3', answer: hello },
    ...{ listen: listener.address, bounds: httpBounds, metrics: new HttpMetrics() },
    ...{ log: silentLog, environment: systemEnvironment },
  })
  await t.rejects(again, { code: 'CONFIG', message: /the port is in use/ })
})
