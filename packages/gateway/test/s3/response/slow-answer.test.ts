import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { silentLog } from '@torc/protocol/environment/log'
import { TorcError } from '@torc/protocol/errors'
import t, { type Test } from 'tap'
import { answerSlowly, type SlowAnswer, type SlowCall } from '../../../src/s3/response/slow-answer.js'

interface Slow {
  readonly call: SlowCall
  readonly response: ServerResponse
  /** The time of patience passes. */
  pass(): void
  /** Whether anybody still waits for time to pass. */
  readonly waits: boolean
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<T>((fulfil, fail) => {
    resolve = fulfil
    reject = fail
  })
  return { promise, resolve, reject }
}

/** A call whose answer is sent to a real client, on a clock that stands still. */
async function slowCall(t: Test): Promise<{ slow: Slow; answer: Promise<Response> }> {
  let waiting: (() => void) | undefined
  const arrived = deferred<ServerResponse>()
  const server = createServer((_, response) => arrived.resolve(response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  const answer = fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const response = await arrived.promise
  const after = (_: number, callback: () => void): (() => void) => {
    waiting = callback
    return () => {
      waiting = undefined
    }
  }
  const clock = { nowMs: () => 0, monotonicMs: () => 0, soon: setImmediate, after }
  const known = { requestId: 'id', log: silentLog, signal: new AbortController().signal }
  const slow: Slow = {
    call: { response, clock, known, target: { path: '/b/k', query: [] } },
    response,
    pass: () => waiting?.(),
    get waits() {
      return waiting !== undefined
    },
  }
  return { slow, answer }
}

const done: SlowAnswer = { document: ['Done', [['Key', 'k']]], headers: { 'x-more': '1' } }

t.test('what is done soon has a length', async t => {
  const { slow, answer } = await slowCall(t)
  await answerSlowly(slow.call, async () => done)
  const got = await answer
  t.type(got.headers.get('content-length'), 'string')
  t.equal(got.headers.get('x-more'), '1')
  t.match(await got.text(), /^<\?xml.*\?>\n<Done/)
  t.notOk(slow.waits)
})

t.test('what takes long keeps its connection with spaces', async t => {
  const { slow, answer } = await slowCall(t)
  const work = deferred<SlowAnswer>()
  const answered = answerSlowly(slow.call, () => work.promise)
  slow.pass()
  slow.pass()
  const got = await answer
  t.equal(got.status, 200)
  slow.pass()
  work.resolve(done)
  await answered
  t.match(await got.text(), /^<\?xml [^>]*\?>\n {3}<Done xmlns="[^"]*"><Key>k<\/Key><\/Done>$/)
  t.notOk(slow.waits)
})

t.test('an error behind the status is told in the document', async t => {
  const { slow, answer } = await slowCall(t)
  const work = deferred<SlowAnswer>()
  const answered = answerSlowly(slow.call, () => work.promise)
  slow.pass()
  const got = await answer
  work.reject(new TorcError('UNAVAILABLE', 'too few agents'))
  await answered
  t.match(await got.text(), /^<\?xml [^>]*\?>\n <Error><Code>ServiceUnavailable<\/Code>.*<\/Error>$/)
})

t.test('an error that comes soon is left to who asked', async t => {
  const { slow, answer } = await slowCall(t)
  const failed = answerSlowly(slow.call, () => Promise.reject(new TorcError('UNAVAILABLE', 'too few')))
  await t.rejects(failed, { code: 'UNAVAILABLE' })
  slow.response.end()
  await (await answer).text()
})
