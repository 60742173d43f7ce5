import { createHash } from 'node:crypto'
import t from 'tap'
import { silentLog } from '../../src/environment/log.js'
import { systemClock, systemHasher, systemRandom } from '../../src/environment/system.js'
import { formatAddress, parseAddress } from '../../src/transport/transport.js'

t.test('the clock', async t => {
  t.ok(Math.abs(systemClock.nowMs() - Date.now()) < 1_000)
  const before = systemClock.monotonicMs()
  await new Promise<void>(resolve => systemClock.after(2, resolve))
  t.ok(systemClock.monotonicMs() > before)
  const cancel = systemClock.after(1, () => t.fail('it was cancelled'))
  cancel()
  await new Promise<void>(resolve => systemClock.soon(resolve))
})

t.test('randomness and hashes', async t => {
  t.equal(systemRandom.bytes(16).length, 16)
  const fraction = systemRandom.fraction()
  t.ok(fraction >= 0 && fraction < 1)
  const wanted = createHash('sha256').update('abc').digest('hex')
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  t.equal(hex(systemHasher.sha256(Buffer.from('abc'))), wanted)
  t.equal(hex(systemHasher.sha256(Buffer.from('a'), Buffer.from('bc'))), wanted)
  const stream = systemHasher.stream()
  stream.update(Buffer.from('ab'))
  stream.update(Buffer.from('c'))
  t.equal(hex(stream.digest()), wanted)
})

t.test('addresses', async t => {
  t.same(parseAddress('127.0.0.1:7400'), { host: '127.0.0.1', port: 7400 })
  t.same(parseAddress('[::1]:7400'), { host: '::1', port: 7400 })
  t.same(parseAddress('host.example:0'), { host: 'host.example', port: 0 })
  for (const text of ['', 'host', ':7400', 'host:', 'host:70000', '::1:7400', 'a b:1', 'host:1x']) {
    t.equal(parseAddress(text), undefined, text)
  }
  t.equal(formatAddress({ host: '::1', port: 1 }), '[::1]:1')
  t.equal(formatAddress({ host: 'a', port: 1 }), 'a:1')
})

t.test('a log that says nothing', async () => {
  for (const say of Object.values(silentLog)) say({}, 'nothing')
})
