import { makeTimeOrderedOperationId } from '@torc/protocol/identifiers/operation-id'
import t from 'tap'
import { postKey } from '../../src/flows/post-key.js'
import { fakeEnvironment } from '../fakes/fake-environment.js'

t.test('is made from the operation alone', async t => {
  const opId = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
  t.equal(postKey(opId), '000g40o40k30e209185go38e1s')
  t.equal(postKey(Buffer.alloc(16, 0xff)), 'vvvvvvvvvvvvvvvvvvvvvvvvvs')
})

t.test('keys of time-ordered operations sort by time', async t => {
  const { clock, random } = fakeEnvironment()
  const keys: string[] = []
  for (let i = 0; i < 50; i++) {
    keys.push(postKey(makeTimeOrderedOperationId(clock, random)))
    clock.advance(1)
  }
  t.strictSame([...keys].sort(), keys)
  t.equal(new Set(keys).size, 50)
})
