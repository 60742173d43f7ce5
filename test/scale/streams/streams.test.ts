import { existsSync } from 'node:fs'
import t from 'tap'
import { runStreams } from './streams.js'

const mebibyte = 1024 * 1024

/** Blocks that fill held 300 MiB in the server before they waited for each other; now 210, and 250 with the HTTP faces in it. */
const serverBytesMax = 285 * mebibyte

t.test('many bodies at once cost each process little memory', async t => {
  const { peaks, over, putMs, getMs } = await runStreams({
    streams: 80,
    bytes: 8 * mebibyte,
    replicas: 1,
    memoryBytesMax: 300 * mebibyte,
  })
  t.ok(putMs > 0 && getMs > 0)
  t.same(
    peaks.map(({ process }) => process),
    ['server', 'agent-1', 'agent-2', 'agent-3', 'client'],
  )
  t.same(over, [], JSON.stringify(peaks))
  if (!existsSync('/proc/self/status')) return
  t.ok(peaks.every(({ afterGet }) => afterGet !== undefined))
  t.ok((peaks[0]?.afterPut ?? 0) < serverBytesMax, `the server: ${peaks[0]?.afterPut}`)
})
