import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { errorOf, failedMessage, parseChildMessage } from '../../src/supervise/messages.js'

t.test('a failure keeps code, message and hint on its way to the supervisor', async t => {
  const error = new TorcError('DATA_DIRECTORY', 'it is in use', { hint: 'Stop the other one.' })
  const message = parseChildMessage(JSON.parse(JSON.stringify(failedMessage(error))))
  t.equal(message?.type, 'failed')
  if (message?.type === 'failed')
    t.match(errorOf(message), {
      code: 'DATA_DIRECTORY',
      message: 'it is in use',
      hint: 'Stop the other one.',
    })
  t.match(failedMessage(new Error('oh')), { code: 'INTERNAL', message: 'oh' })
})

t.test('ready is read, anything else is not', async t => {
  const ready = { type: 'ready', id: 'agent-1-00000000', address: '127.0.0.1:1' }
  t.strictSame(parseChildMessage(ready), ready)
  const faces = { ...ready, http: 'http://127.0.0.1:2', s3: 'http://127.0.0.1:3' }
  t.strictSame(parseChildMessage(faces), faces)
  t.strictSame(parseChildMessage({ ...ready, http: 7, s3: null }), ready)
  for (const value of [
    null,
    'ready',
    7,
    {},
    { type: 'ready' },
    { type: 'failed', code: 'NO_SUCH_CODE' },
    { type: 'failed' },
  ]) {
    t.equal(parseChildMessage(value), undefined)
  }
})
