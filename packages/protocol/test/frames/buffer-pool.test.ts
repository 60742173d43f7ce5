import t from 'tap'
import { BufferPool } from '../../src/frames/buffer-pool.js'
import { SharedLease } from '../../src/frames/lease.js'

const kib = 1024
const pool = (more: { freeBytesMax?: number; scribbles?: boolean } = {}): BufferPool =>
  new BufferPool({ bufferBytes: 256 * kib, freeBytesMax: 1024 * kib, ...more })

t.test('a buffer that came back is used again, by one at a time', async t => {
  const buffers = pool()
  const first = buffers.lease(256 * kib)
  const second = buffers.lease(250 * kib)
  t.not(second.bytes.buffer, first.bytes.buffer)
  t.equal(second.bytes.length, 250 * kib)
  first.release()
  first.release()
  t.equal(buffers.freeBytes, 256 * kib, 'releasing twice is releasing once')
  const third = buffers.lease(200 * kib)
  t.equal(third.bytes.buffer, first.bytes.buffer)
  first.release()
  t.equal(buffers.freeBytes, 0, 'an old lease has no say over a new one')
})

t.test('sizes: nothing takes much more than it needs', async t => {
  const buffers = pool()
  for (const [size, held] of [
    [256, 256],
    [193, 256],
    [180, 180],
    [128, 128],
    [97, 128],
    [64, 64],
    [50, 64],
    [40, 40],
    [300, 300],
  ] as const) {
    const { bytes } = buffers.lease(size * kib)
    t.equal(bytes.length, size * kib)
    t.equal(bytes.buffer.byteLength, held * kib, `${size} KiB`)
  }
  const small = buffers.lease(64 * kib)
  small.release()
  t.not(buffers.lease(128 * kib).bytes.buffer, small.bytes.buffer)
  t.equal(buffers.lease(64 * kib).bytes.buffer, small.bytes.buffer)
})

t.test('no more is kept than was said', async t => {
  const buffers = pool({ freeBytesMax: 600 * kib })
  const leases = Array.from({ length: 5 }, () => buffers.lease(256 * kib))
  for (const lease of leases) lease.release()
  t.equal(buffers.freeBytes, 512 * kib)
})

t.test('a pool that scribbles shows who reads too late', async t => {
  const lease = pool({ scribbles: true }).lease(64 * kib)
  lease.bytes.fill(1)
  lease.release()
  t.ok(lease.bytes.every(byte => byte === 0xdd))
})

t.test('a shared lease comes back when its last holder gives it back, in any order', async t => {
  let released = 0
  const shared = new SharedLease({ bytes: Buffer.from('0123456789'), release: () => void released++ })
  const [a, b] = [shared.share(0, 4), shared.share()]
  t.equal(Buffer.from(a.bytes).toString(), '0123')
  t.equal(b.bytes, shared.bytes)
  shared.release()
  shared.release()
  a.release()
  a.release()
  t.equal(released, 0)
  b.release()
  t.equal(released, 1)
  t.throws(() => shared.share())
})
