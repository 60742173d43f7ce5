import t from 'tap'
import { contextOfDot, contextOfExactDot, emptyContext } from '../../src/clocks/causal-context.js'
import { attributesOf } from '../../src/state/attributes.js'
import {
  combineDigests,
  digestOfAttribute,
  digestOfContext,
  digestOfDot,
  digestsEqual,
  emptyDigest,
  emptyState,
  makeState,
  stateDigest,
} from '../../src/state/key-state.js'
import { actor, version } from '../support/samples.js'

const dot = { actor: actor(1), counter: 5 }

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

t.test('an empty state hashes as an absent one', async t => {
  t.same(stateDigest(emptyState), emptyDigest)
  t.same(digestOfContext(emptyContext), emptyDigest)
})

t.test('fixed results, because agents of different versions compare them', async t => {
  t.equal(hex(digestOfDot(dot)), '9a3767cb8caf0622856de3cee9e386c8')
  t.equal(hex(digestOfContext(contextOfDot(dot, 0))), 'fb679277f7c7369604e651b2ba65cec3')
  t.equal(hex(digestOfContext(contextOfExactDot(dot))), '724f6f1000ca0590f5c3f49551543050')
})

t.test('contexts, versions and attributes all show', async t => {
  const register = { version: undefined, name: 'policy', value: undefined, time: 3, dot }
  const states = [
    makeState(contextOfDot(dot, 0), []),
    makeState(contextOfExactDot(dot), []),
    makeState(contextOfDot(dot, 0), [version({ dot })]),
    makeState(contextOfDot(dot, 0), [version({ dot })], attributesOf([register])),
    makeState(contextOfDot(dot, 0), [version({ dot })], attributesOf([{ ...register, time: 4 }])),
    makeState(contextOfDot(dot, 0), [version({ dot })], attributesOf([{ ...register, version: dot }])),
  ]
  t.equal(new Set(states.map(state => hex(stateDigest(state)))).size, states.length)
})

t.test('parts go in and out', async t => {
  const register = { version: dot, name: 'tags', value: undefined, time: 3, dot }
  const parts = [digestOfDot(dot), digestOfContext(contextOfDot(dot, 0)), digestOfAttribute(register)]
  let digest = emptyDigest
  for (const part of parts) digest = combineDigests(digest, part)
  t.notOk(digestsEqual(digest, emptyDigest))
  for (const part of parts) digest = combineDigests(digest, part)
  t.ok(digestsEqual(digest, emptyDigest))
})
