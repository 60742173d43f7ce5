import t from 'tap'
import type { HashSinkWorker } from '../../src/baselines/hash-sink.worker.js'
import { WorkerProcess } from '../../src/processes/worker-process.js'

const sinkModule = new URL('../../src/baselines/hash-sink.worker.js', import.meta.url)

t.test('an error in a worker reaches the caller with its name', async t => {
  const worker = new WorkerProcess<HashSinkWorker>('sink', sinkModule)
  await t.rejects(worker.call('run', { port: 1, bytes: 1 }), /^sink: .*ECONNREFUSED/)
  await worker.stop()
  await worker.stop()
})

t.test('a worker that ends fails what waits for it', async t => {
  const worker = new WorkerProcess<HashSinkWorker>('sink', new URL('./no-such-module.js', import.meta.url))
  await t.rejects(worker.call('run', { port: 1, bytes: 1 }), /sink ended/)
  await worker.stop()
})
