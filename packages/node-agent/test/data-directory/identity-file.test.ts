import t from 'tap'
import { type AgentIdentity, decodeIdentity, encodeIdentity } from '../../src/data-directory/identity-file.js'

const identity: AgentIdentity = {
  format: 1,
  clusterId: '0123456789abcdef0123456789abcdef',
  nodeId: 'agent-1-00000001',
  state: 'ready',
}

t.test('an identity reads as it was written', async t => {
  t.same(decodeIdentity(encodeIdentity(identity), '/data'), identity)
})

t.test('what is damaged is refused by name', async t => {
  const damaged: unknown[] = [
    'not json',
    '',
    '[]',
    'null',
    JSON.stringify({ ...identity, format: 'one' }),
    JSON.stringify({ ...identity, format: 0 }),
    JSON.stringify({ ...identity, clusterId: 'x' }),
    JSON.stringify({ ...identity, nodeId: '' }),
    JSON.stringify({ ...identity, nodeId: 'x'.repeat(65) }),
    JSON.stringify({ ...identity, state: 'odd' }),
  ]
  for (const text of damaged) {
    t.throws(() => decodeIdentity(Buffer.from(String(text)), '/data'), {
      code: 'DATA_DIRECTORY',
      message: /\/data\/identity\.json is damaged/,
    })
  }
  t.throws(() => decodeIdentity(Uint8Array.of(0xff, 0xfe), '/data'), { code: 'DATA_DIRECTORY' })
})

t.test('a newer format is refused with what to do', async t => {
  const newer = Buffer.from(JSON.stringify({ ...identity, format: 2 }))
  t.throws(() => decodeIdentity(newer, '/data'), {
    code: 'DATA_DIRECTORY',
    message: '/data has format 2; this version of Torc knows formats up to 1',
    hint: /newer/,
  })
})
