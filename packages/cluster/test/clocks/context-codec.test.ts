import { decodeValue } from '@torc/protocol/codec/reader'
import fc from 'fast-check'
import t from 'tap'
import { contextsEqual, decodeContext, emptyContext, encodeContext } from '../../src/clocks/causal-context.js'
import { contextBytesMax } from '../../src/clocks/context-codec.js'
import { actorId } from '../../src/clocks/dot.js'
import { checkMalformed } from '../support/malformed.js'
import { storedContexts } from '../support/records.js'
import { runs } from '../support/runs.js'

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

t.test('golden bytes of format 1', async t => {
  t.equal(hex(encodeContext(emptyContext)), '9101')
  const a = actorId('00000000000000aa')
  const b = actorId('00000000000000bb')
  const context = {
    vector: new Map([
      [b, 300],
      [a, 5],
    ]),
    cloud: new Map([[a, [[7, 9]] as const]]),
  }
  t.equal(
    hex(encodeContext(context)),
    '95 01 c408 00000000000000aa 93 05 07 09 c408 00000000000000bb cd012c'.replaceAll(' ', ''),
  )
  const waiting = { vector: new Map(), cloud: new Map([[a, [[2, 2 ** 40]] as const]]) }
  t.equal(
    hex(encodeContext(waiting)),
    '93 01 c408 00000000000000aa 93 00 02 cf0000010000000000'.replaceAll(' ', ''),
  )
  t.same(decodeContext(encodeContext(waiting)), waiting)
})

t.test(
  'comes back as it was; equal contexts have equal bytes, in whatever order they were built',
  async () => {
    fc.assert(
      fc.property(storedContexts, context => {
        const bytes = encodeContext(context)
        if (!contextsEqual(decodeContext(bytes), context)) throw new Error('differs')
        decodeValue(bytes, 4)
        const reversed = {
          vector: new Map([...context.vector].reverse()),
          cloud: new Map([...context.cloud].reverse()),
        }
        if (Buffer.compare(encodeContext(reversed), bytes) !== 0) throw new Error('depends on the order')
      }),
      runs(2_000),
    )
  },
)

t.test('malformed input is refused', async () => {
  checkMalformed(storedContexts, encodeContext, bytes => decodeContext(bytes), 'BAD_REQUEST')
})

t.test('each rule of the form is checked', async t => {
  const actor = (n: number) => `c408${n.toString(16).padStart(16, '0')}`
  const cases: Record<string, string> = {
    'an actor without counters': `9201${actor(1)}`,
    'a zero entry': `9301${actor(1)}00`,
    'actors out of order': `9501${actor(2)}01${actor(1)}01`,
    'an actor twice': `9501${actor(1)}01${actor(1)}02`,
    'a cloud that is empty': `9301${actor(1)}9105`,
    'an interval without its end': `9301${actor(1)}920507`,
    'an interval at 0 outside the vector': `9301${actor(1)}93000004`,
    'an interval that touches the vector': `9301${actor(1)}93050507`,
    'an interval that is empty': `9301${actor(1)}93050707`,
    'intervals that touch': `9301${actor(1)}9505070909 0b`.replace(' ', ''),
    'another format': '9102',
    'too many bytes': '00'.repeat(contextBytesMax + 1),
  }
  for (const [what, bytes] of Object.entries(cases)) {
    t.throws(() => decodeContext(Buffer.from(bytes, 'hex')), { code: 'BAD_REQUEST' }, what)
  }
  t.throws(() => decodeContext(new Uint8Array(0), 'CORRUPT'), { code: 'CORRUPT' })
})
