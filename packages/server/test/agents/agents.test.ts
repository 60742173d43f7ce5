import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { isStaleLayout, mayHaveActed, notSent } from '../../src/agents/agents.js'

t.test('what a failure says about the agent', async t => {
  t.equal(mayHaveActed(notSent('a')), false)
  t.equal(mayHaveActed(new TorcError('DISK_FULL', '')), false)
  t.equal(mayHaveActed(new TorcError('TIMEOUT', '')), true)
  t.equal(mayHaveActed(new TorcError('UNREACHABLE', '')), true)
  t.equal(mayHaveActed(new TorcError('INTERNAL', '')), true)
  t.equal(isStaleLayout(new TorcError('NOT_OWNER', '')), true)
  t.equal(isStaleLayout(new TorcError('UNAVAILABLE', '')), false)
})
