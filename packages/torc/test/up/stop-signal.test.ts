import { EventEmitter } from 'node:events'
import t from 'tap'
import { stopSignal } from '../../src/up/stop-signal.js'

t.test('Ctrl-C and a closed terminal stop; afterwards nothing is listened to', async t => {
  const hangUp = new EventEmitter()
  const first = new AbortController()
  const byInterrupt = stopSignal(first.signal, hangUp)
  t.notOk(byInterrupt.signal.aborted)
  first.abort()
  await byInterrupt.stopped
  const byHangUp = stopSignal(new AbortController().signal, hangUp)
  hangUp.emit('SIGHUP')
  await byHangUp.stopped
  const already = stopSignal(AbortSignal.abort(), hangUp)
  await already.stopped
  for (const stop of [byInterrupt, byHangUp, already]) stop.dispose()
  t.equal(hangUp.listenerCount('SIGHUP'), 0)
})
