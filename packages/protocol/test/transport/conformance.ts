import type t from 'tap'
import { TorcError } from '../../src/errors.js'
import type { Connection, ConnectionListener, Transport } from '../../src/transport/transport.js'

type Test = typeof t

/** Records what a connection reports, and lets tests wait for it. */
export class Recorder implements ConnectionListener {
  readonly chunks: Uint8Array[] = []
  bytes = 0
  drained = 0
  closed = false
  error: Error | undefined
  #waiters: { condition: () => boolean; resolve: () => void }[] = []

  onData(chunk: Uint8Array): void {
    this.chunks.push(Buffer.from(chunk))
    this.bytes += chunk.length
    this.#check()
  }

  onDrain(): void {
    this.drained++
    this.#check()
  }

  onClose(error: Error | undefined): void {
    if (this.closed) throw new Error('closed twice')
    this.closed = true
    this.error = error
    this.#check()
  }

  get data(): Buffer {
    return Buffer.concat(this.chunks)
  }

  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise(resolve => this.#waiters.push({ condition, resolve }))
  }

  #check(): void {
    this.#waiters = this.#waiters.filter(({ condition, resolve }) => {
      if (!condition()) return true
      resolve()
      return false
    })
  }
}

const address = { host: '127.0.0.1', port: 0 }
const connectOptions = { timeoutMs: 5_000 }

interface Pair {
  readonly near: Connection
  readonly far: Connection
  readonly nearEvents: Recorder
  readonly farEvents: Recorder
  readonly close: () => Promise<void>
}

async function openPair(transport: Transport): Promise<Pair> {
  let accepted: (connection: Connection) => void = () => {}
  const incoming = new Promise<Connection>(resolve => {
    accepted = resolve
  })
  const listener = await transport.listen(address, connection => accepted(connection))
  const near = await transport.connect(listener.address, connectOptions)
  const far = await incoming
  const [nearEvents, farEvents] = [new Recorder(), new Recorder()]
  near.listen(nearEvents)
  far.listen(farEvents)
  return {
    near,
    far,
    nearEvents,
    farEvents,
    async close() {
      near.destroy()
      far.destroy()
      await Promise.all([nearEvents.until(() => nearEvents.closed), farEvents.until(() => farEvents.closed)])
      await listener.close()
    },
  }
}

/** What every Transport must do. */
export function transportConformance(t: Test, name: string, make: () => Transport): void {
  t.test(`${name}: bytes arrive in order, in both directions`, async t => {
    const pair = await openPair(make())
    pair.near.write([Buffer.from('one '), Buffer.from('two ')])
    pair.near.write([Buffer.from('three')])
    pair.far.write([Buffer.from('answer')])
    await pair.farEvents.until(() => pair.farEvents.bytes === 13)
    await pair.nearEvents.until(() => pair.nearEvents.bytes === 6)
    t.equal(pair.farEvents.data.toString(), 'one two three')
    t.equal(pair.nearEvents.data.toString(), 'answer')
    t.equal(pair.near.remoteHost, '127.0.0.1')
    t.match(pair.far.remoteAddress, /^127\.0\.0\.1:\d+$/)
    await pair.close()
  })

  t.test(`${name}: a buffer may be reused once the queue is empty`, async t => {
    const pair = await openPair(make())
    const buffer = Buffer.alloc(1000)
    let written = 0
    while (written < 200) {
      buffer.fill(written)
      pair.near.write([buffer])
      written++
      while (pair.near.queuedBytes > 0) await new Promise(resolve => setImmediate(resolve))
    }
    await pair.farEvents.until(() => pair.farEvents.bytes === written * buffer.length)
    const { data } = pair.farEvents
    t.ok(data.every((byte, i) => byte === Math.floor(i / 1000)))
    await pair.close()
  })

  t.test(`${name}: a reader that pauses fills the sender's queue, and resuming drains it`, async t => {
    const pair = await openPair(make())
    pair.far.pause()
    const piece = Buffer.alloc(1024 * 1024, 7)
    let written = 0
    while (pair.near.queuedBytes < 4 * piece.length) {
      pair.near.write([piece])
      written += piece.length
      t.ok(written < 256 * piece.length, 'the queue grows')
    }
    const before = pair.farEvents.bytes
    t.ok(before < written, 'the reader did not get all')
    pair.far.resume()
    await pair.farEvents.until(() => pair.farEvents.bytes === written)
    await pair.nearEvents.until(() => pair.nearEvents.drained > 0)
    t.equal(pair.near.queuedBytes, 0)
    await pair.close()
  })

  t.test(`${name}: end sends what is queued, then both sides close without an error`, async t => {
    const pair = await openPair(make())
    const body = Buffer.alloc(3 * 1024 * 1024, 1)
    pair.near.write([body])
    pair.near.end()
    await pair.farEvents.until(() => pair.farEvents.closed)
    await pair.nearEvents.until(() => pair.nearEvents.closed)
    t.equal(pair.farEvents.bytes, body.length)
    t.equal(pair.farEvents.error, undefined)
    t.equal(pair.nearEvents.error, undefined)
    pair.near.write([Buffer.from('late')])
    await pair.close()
  })

  t.test(`${name}: destroy closes both sides once`, async t => {
    const pair = await openPair(make())
    pair.near.destroy()
    pair.near.destroy()
    await pair.farEvents.until(() => pair.farEvents.closed)
    await pair.nearEvents.until(() => pair.nearEvents.closed)
    t.ok(pair.farEvents.closed)
    await pair.close()
  })

  t.test(`${name}: a listener that came late still hears of the end`, async t => {
    const transport = make()
    const accepted: Connection[] = []
    const listener = await transport.listen(address, connection => accepted.push(connection))
    const near = await transport.connect(listener.address, connectOptions)
    const nearEvents = new Recorder()
    near.listen(nearEvents)
    near.destroy()
    await nearEvents.until(() => nearEvents.closed)
    for (const far of accepted) {
      const farEvents = new Recorder()
      far.listen(farEvents)
      await farEvents.until(() => farEvents.closed)
      t.ok(farEvents.closed)
    }
    await listener.close()
  })

  t.test(`${name}: nothing listens: UNREACHABLE`, async t => {
    const transport = make()
    const listener = await transport.listen(address, () => {})
    await listener.close()
    const error = await transport.connect(listener.address, connectOptions).then(
      () => undefined,
      (error: unknown) => error,
    )
    t.ok(error instanceof TorcError)
    t.equal((error as TorcError).code, 'UNREACHABLE')
  })

  t.test(`${name}: a port in use: CONFIG with a hint`, async t => {
    const transport = make()
    const listener = await transport.listen(address, () => {})
    const error = await transport
      .listen(listener.address, () => {})
      .then(
        () => undefined,
        (error: unknown) => error as TorcError,
      )
    t.equal(error?.code, 'CONFIG')
    t.match(error?.message, /in use/)
    t.match(error?.hint, /port/)
    await listener.close()
  })

  t.test(`${name}: a signal cancels`, async t => {
    const transport = make()
    const listener = await transport.listen(address, () => {})
    const error = await transport
      .connect(listener.address, { ...connectOptions, signal: AbortSignal.abort() })
      .then(
        () => undefined,
        (error: unknown) => error as TorcError,
      )
    t.equal(error?.code, 'CANCELLED')
    await listener.close()
  })
}
