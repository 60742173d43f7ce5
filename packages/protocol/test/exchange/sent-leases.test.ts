import fc from 'fast-check'
import t from 'tap'
import { SentLeases } from '../../src/exchange/sent-leases.js'
import type { Lease } from '../../src/frames/lease.js'

function leaseInto(names: string[], name: string): Lease {
  return { bytes: new Uint8Array(0), release: () => void names.push(name) }
}

t.test('a lease comes back when the transport has nothing more of it', async t => {
  const released: string[] = []
  const leases = new SentLeases()
  leases.add(leaseInto(released, 'a'), false, 100)
  leases.release(0)
  t.same(released, [], 'it was not even written')
  leases.written(60, false)
  leases.release(0)
  t.same(released, [], 'the lane has more of it')
  leases.written(50, false)
  leases.release(50)
  t.same(released, [], 'the transport holds its end')
  leases.release(0)
  t.same(released, ['a'])
  leases.add(leaseInto(released, 'b'), false, 0)
  leases.release(0)
  t.same(released, ['a', 'b'], 'all of it was written before')
})

t.test('a connection that broke gives nothing back', async t => {
  const released: string[] = []
  const leases = new SentLeases()
  leases.add(leaseInto(released, 'waiting'), true, 10)
  leases.add(leaseInto(released, 'leaving'), false, 0)
  leases.forget()
  leases.written(10, true)
  leases.release(0)
  t.same(released, [])
})

/** What two lanes and a transport do, byte by byte. */
type Step = {
  readonly kind: 'encode' | 'write' | 'leave'
  readonly background: boolean
  readonly bytes: number
}

t.test('property: never before its bytes have left, always once all have', async t => {
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom('encode', 'write', 'leave'),
    background: fc.boolean(),
    bytes: fc.nat({ max: 50 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const leases = new SentLeases()
      const lanes: [number[], number[]] = [[], []]
      const transport: number[] = []
      const out = new Set<number>()
      let count = 0
      const check = (): void => leases.release(transport.length)
      const write = (background: boolean, bytes: number): void => {
        const moved = lanes[background ? 1 : 0].splice(0, bytes)
        transport.push(...moved)
        leases.written(moved.length, background)
      }
      for (const { kind, background, bytes } of steps) {
        const lane = lanes[background ? 1 : 0]
        if (kind === 'encode') {
          const id = count++
          lane.push(...Array.from({ length: bytes }, () => id))
          const release = (): void => {
            if (lane.includes(id) || transport.includes(id)) throw new Error('released too early')
            out.add(id)
          }
          leases.add({ bytes: new Uint8Array(0), release }, background, lane.length)
        } else if (kind === 'write') write(background, bytes)
        else transport.splice(0, bytes)
        check()
      }
      for (const background of [false, true]) write(background, Number.POSITIVE_INFINITY)
      transport.splice(0)
      check()
      return out.size === count
    }),
  )
  t.pass()
})
