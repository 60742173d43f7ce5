import { decodeValue } from '@torc/protocol/codec/reader'
import { systemHasher } from '@torc/protocol/environment/system'
import fc from 'fast-check'
import t from 'tap'
import { decodeEpoch, type Epoch, encodeEpoch, epochHash, firstParentHash } from '../../src/ring/epoch.js'
import { assignTable } from '../../src/ring/table.js'
import { checkMalformed } from '../support/malformed.js'

const damaged = { name: 'TorcError', code: 'CORRUPT' }

function sample(count = 3, partitions = 4, replicas = 2): Epoch {
  const agents = Array.from({ length: count }, (_, n) => ({
    id: `node-${n}`,
    zone: `z${n}`,
    capacity: 2 ** 40 + n,
  }))
  return {
    number: 1,
    parentHash: firstParentHash,
    lineage: 'f00d',
    agents,
    table: assignTable(agents, { partitions, replicas }),
  }
}

t.test('golden bytes of format 1', async t => {
  const epoch: Epoch = {
    number: 300,
    parentHash: new Uint8Array(32).fill(0xaa),
    lineage: 'ab',
    agents: [
      { id: 'x', zone: '', capacity: 5 },
      { id: 'y', zone: 'z', capacity: 2 ** 40 },
    ],
    table: {
      partitions: 2,
      replicas: 3,
      rows: [
        ['x', 'y'],
        ['y', 'x'],
      ],
    },
  }
  const expected = `9901cd012cc420${'aa'.repeat(32)}a26162 96 a178 a0 05 a179 a17a cf0000010000000000 02 03 02 c408 0000 0001 0001 0000`
  t.equal(Buffer.from(encodeEpoch(epoch)).toString('hex'), expected.replaceAll(' ', ''))
  t.same(decodeEpoch(encodeEpoch(epoch)), epoch)
  t.same(
    encodeEpoch({ ...epoch, agents: [...epoch.agents].reverse() }),
    encodeEpoch(epoch),
    'whatever the order of agents',
  )
})

t.test('comes back as it was, and its hash names it', async t => {
  for (const epoch of [sample(), sample(1, 1, 1), sample(9, 256, 3), sample(300, 64, 5)]) {
    const bytes = encodeEpoch(epoch)
    decodeValue(bytes, 4)
    const back = decodeEpoch(bytes)
    t.same(back.table, epoch.table)
    t.same(encodeEpoch(back), bytes)
    t.same(epochHash(systemHasher, back), systemHasher.sha256(bytes))
  }
  const hashes = [sample(), { ...sample(), number: 2 }, { ...sample(), lineage: 'beef' }].map(e =>
    Buffer.from(epochHash(systemHasher, e)).toString('hex'),
  )
  t.equal(new Set(hashes).size, 3)
})

t.test('malformed input is refused', async () => {
  const epochs = fc
    .record({
      count: fc.integer({ min: 1, max: 5 }),
      partitions: fc.constantFrom(1, 2, 8),
      replicas: fc.integer({ min: 1, max: 3 }),
      number: fc.integer({ min: 1 }),
    })
    .map(({ count, partitions, replicas, number }) => ({ ...sample(count, partitions, replicas), number }))
  checkMalformed(epochs, encodeEpoch, bytes => decodeEpoch(bytes), 'CORRUPT')
})

t.test('values that contradict each other are refused', async t => {
  const epoch = sample()
  const { table } = epoch
  t.throws(() => decodeEpoch(encodeEpoch({ ...epoch, number: 0 })), damaged)
  t.throws(() => decodeEpoch(encodeEpoch({ ...epoch, agents: [...epoch.agents, ...epoch.agents] })), damaged)
  t.throws(() => decodeEpoch(encodeEpoch({ ...epoch, table: { ...table, partitions: 8 } })), damaged)
  t.throws(() => decodeEpoch(encodeEpoch({ ...epoch, table: { ...table, partitions: 3 } })), damaged)
  t.throws(() => decodeEpoch(encodeEpoch({ ...epoch, table: { ...table, replicas: 1 } })), damaged)
  t.throws(
    () => decodeEpoch(encodeEpoch({ ...epoch, table: { ...table, rows: table.rows.map(() => []) } })),
    damaged,
  )
  t.throws(
    () =>
      decodeEpoch(
        encodeEpoch({ ...epoch, table: { ...table, rows: table.rows.map(() => ['node-1', 'node-1']) } }),
      ),
    damaged,
  )
  t.throws(
    () =>
      decodeEpoch(
        encodeEpoch(epoch).map((byte, i, all) => (i === all.length - 1 ? 99 : byte)),
        'BAD_REQUEST',
      ),
    { code: 'BAD_REQUEST' },
  )
})

t.test('an epoch that has no stored form is not written', async t => {
  const epoch = sample()
  const [first = [], ...rest] = epoch.table.rows
  t.throws(() => encodeEpoch({ ...epoch, table: { ...epoch.table, rows: [first.slice(1), ...rest] } }), {
    code: 'INTERNAL',
  })
  t.throws(
    () => encodeEpoch({ ...epoch, table: { ...epoch.table, rows: [['node-0', 'stranger'], ...rest] } }),
    { code: 'INTERNAL' },
  )
})
