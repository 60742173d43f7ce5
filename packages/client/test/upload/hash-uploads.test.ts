import { systemEnvironment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import t from 'tap'
import type { Caller } from '../../src/connection/caller.js'
import { HashUploads } from '../../src/upload/hash-uploads.js'

const name = { bucket: 'b', key: 'k', opId: new Uint8Array(16) }
const large = Buffer.alloc(limits.uploadByHashBytesMin)

async function* source() {
  yield large
}

/** A server that does not answer before it is told to. */
function waiting() {
  const fails: (() => void)[] = []
  const call = (): Promise<never> =>
    new Promise((_, reject) => fails.push(() => reject(new TorcError('UNAVAILABLE', 'no server'))))
  const uploads = new HashUploads({ call } as unknown as Caller, systemEnvironment)
  return { uploads, fails }
}

t.test('what is small, or of unknown size, goes as a stream', async t => {
  const { uploads, fails } = waiting()
  t.equal(await uploads.put(name, 'small', {}), undefined)
  t.equal(await uploads.put(name, large.subarray(1), {}), undefined)
  t.equal(await uploads.put(name, 'a'.repeat(1000), {}), undefined)
  t.equal(await uploads.put(name, source(), {}), undefined)
  t.equal(await uploads.put(name, source(), { size: 10 }), undefined)
  t.equal(await uploads.put(name, undefined as never, { size: large.length }), undefined)
  t.equal(fails.length, 0, 'no server was asked')
})

t.test('eight at once go by hash, what comes beyond as a stream; an end makes room', async t => {
  const { uploads, fails } = waiting()
  const running = Array.from({ length: 8 }, () => uploads.put(name, large, {}))
  for (const one of running) one.catch(() => undefined)
  t.equal(fails.length, 8)
  t.equal(await uploads.put(name, large, {}), undefined)
  t.equal(await uploads.put(name, source(), { size: large.length }), undefined)
  fails[0]?.()
  const [first] = running
  if (first === undefined) throw new Error('nothing runs')
  await t.rejects(first, { code: 'UNAVAILABLE' })
  const next = uploads.put(name, 'a'.repeat(large.length), {})
  next.catch(() => undefined)
  t.equal(fails.length, 9)
  for (const fail of fails) fail()
  await t.rejects(next, { code: 'UNAVAILABLE' })
})
