import { EventEmitter } from 'node:events'
import t from 'tap'
import { supervision } from '../../src/supervise/supervised.js'

class FakeProcess extends EventEmitter {
  readonly env: Record<string, string>
  connected = true
  readonly sent: unknown[] = []
  send: ((message: unknown, handle: undefined, options: undefined, done: () => void) => boolean) | undefined

  constructor(env: Record<string, string>) {
    super()
    this.env = env
    this.send = (message, _handle, _options, done) => {
      this.sent.push(message)
      done()
      return true
    }
  }
}

const asProcess = (fake: FakeProcess): NodeJS.Process => fake as unknown as NodeJS.Process

t.test('a process that was started by hand has no supervisor', async t => {
  t.equal(supervision(asProcess(new FakeProcess({}))), undefined)
  const noChannel = new FakeProcess({ TORC_SUPERVISED: '1' })
  noChannel.send = undefined
  t.equal(supervision(asProcess(noChannel)), undefined)
})

t.test('readiness and failure are told', async t => {
  const fake = new FakeProcess({ TORC_SUPERVISED: '1' })
  const supervised = supervision(asProcess(fake))
  supervised?.ready({ id: 'server-1', address: '127.0.0.1:9' })
  await supervised?.failed(new Error('no'))
  t.match(fake.sent, [
    { type: 'ready', id: 'server-1', address: '127.0.0.1:9' },
    { type: 'failed', code: 'INTERNAL', message: 'no' },
  ])
  fake.connected = false
  await supervised?.failed(new Error('nobody listens'))
  t.equal(fake.sent.length, 2)
})

t.test('it stops when the supervisor says so or is gone, not at Ctrl-C', async t => {
  for (const [event, stops] of [
    ['disconnect', true],
    ['SIGTERM', true],
    ['SIGINT', false],
    ['SIGHUP', false],
  ] as const) {
    const fake = new FakeProcess({ TORC_SUPERVISED: '1' })
    const supervised = supervision(asProcess(fake))
    t.ok(fake.emit(event), `${event} is listened to`)
    t.equal(supervised?.stop.aborted, stops, event)
  }
})
