import { decodeValue } from '@torc/protocol/codec/reader'
import fc from 'fast-check'
import t from 'tap'
import { contextOfDot, emptyContext } from '../../src/clocks/causal-context.js'
import { attributesOf } from '../../src/state/attributes.js'
import { makeState } from '../../src/state/key-state.js'
import {
  decodeSummary,
  emptySummary,
  encodeSummary,
  type KeySummary,
  summaryOf,
} from '../../src/state/key-summary.js'
import { checkMalformed } from '../support/malformed.js'
import { storedContexts, versions } from '../support/records.js'
import { runs } from '../support/runs.js'
import { actor, version } from '../support/samples.js'

const damaged = { name: 'TorcError', code: 'CORRUPT' }

const registers = fc
  .array(
    fc.record({
      version: fc.option(
        fc.record({ actor: fc.nat(3).map(actor), counter: fc.integer({ min: 1, max: 20 }) }),
        { nil: undefined },
      ),
      name: fc.constantFrom('policy', 'tags', 'lock', 'acl'),
      value: fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined }),
      time: fc.maxSafeNat(),
      dot: fc.record({ actor: fc.nat(3).map(actor), counter: fc.integer({ min: 1 }) }),
    }),
    { maxLength: 4 },
  )
  .map(attributesOf)

/** Summaries of states whose versions need not fit together: the codec does not ask. */
const summaries: fc.Arbitrary<KeySummary> = fc
  .tuple(storedContexts, fc.array(versions, { maxLength: 3 }), registers)
  .map(([context, list, attributes]) => summaryOf(makeState(context, list, attributes)))

t.test('comes back as it was', async t => {
  fc.assert(
    fc.property(summaries, summary => {
      const bytes = encodeSummary(summary)
      decodeValue(bytes, 8)
      const back = decodeSummary(bytes)
      if (Buffer.compare(encodeSummary(back), bytes) !== 0) throw new Error('bytes differ')
      const facts = (s: KeySummary) => [
        s.versionCount,
        s.nulls,
        s.maxSeq,
        s.newest,
        s.heads.map(v => v.id),
        Buffer.from(s.digest).toString('hex'),
      ]
      if (JSON.stringify(facts(back)) !== JSON.stringify(facts(summary))) throw new Error('a field differs')
      if (back.attributes.size !== summary.attributes.size) throw new Error('attributes differ')
    }),
    runs(1_000),
  )
  t.same(decodeSummary(encodeSummary(emptySummary)), { ...emptySummary, digest: new Uint8Array(16) })
})

t.test('malformed input is refused', async () => {
  checkMalformed(summaries, encodeSummary, bytes => decodeSummary(bytes), 'CORRUPT')
})

t.test('values that contradict each other are refused', async t => {
  const [one, two] = [1, 2].map(n => version({ dot: { actor: actor(n), counter: 1 }, createdAt: n }))
  if (one === undefined || two === undefined) throw new Error('two versions')
  const sound = summaryOf(makeState(emptyContext, [one, two]))
  t.doesNotThrow(() => decodeSummary(encodeSummary(sound)))
  const cases = {
    'a head that the context lacks': { ...sound, context: emptyContext },
    'a head that is covered': { ...sound, covered: contextOfDot(one.dot, 0) },
    'heads out of order': { ...sound, heads: [one, two] },
    'a head twice': { ...sound, heads: [one, one] },
    'fewer versions than heads': { ...sound, versionCount: 1 },
    'a short digest': { ...sound, digest: new Uint8Array(15) },
  }
  for (const [what, summary] of Object.entries(cases))
    t.throws(() => decodeSummary(encodeSummary(summary)), damaged, what)
  t.throws(() => decodeSummary(Buffer.from('9901', 'hex'), 'BAD_REQUEST'), { code: 'BAD_REQUEST' })
})
