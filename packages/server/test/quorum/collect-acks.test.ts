import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { collectAcks, describeErrors } from '../../src/quorum/collect-acks.js'
import { PlaceTally } from '../../src/quorum/place-tally.js'

const tally = (needed: number, ...owners: string[]) => new PlaceTally([{ owners, needed }])

t.test('is decided at the quorum and settled at the end', async t => {
  let release: (() => void) | undefined
  const slow = new Promise<void>(resolve => {
    release = resolve
  })
  const acks = collectAcks(tally(1, 'a', 'b'), ['a', 'b'], async agent => {
    if (agent === 'b') await slow
    return true
  })
  await acks.decided
  t.equal(acks.tally.verdict, 'reached')
  t.strictSame(acks.tally.acknowledged, ['a'])
  release?.()
  await acks.settled
  t.strictSame(acks.tally.acknowledged, ['a', 'b'])
})

t.test('refusals and errors count against it', async t => {
  const acks = collectAcks(tally(2, 'a', 'b', 'c'), ['a', 'b', 'c'], async agent => {
    if (agent === 'a') throw new TorcError('DISK_FULL', 'full')
    return agent !== 'b'
  })
  await acks.decided
  t.equal(acks.tally.verdict, 'missed')
  t.equal(describeErrors(acks.errors), 'a: DISK_FULL')
})

t.test('nobody to ask', async t => {
  await collectAcks(tally(0), [], async () => true).decided
  const acks = collectAcks(tally(1), [], async () => true)
  await acks.decided
  await acks.settled
  t.equal(acks.tally.verdict, 'missed')
})
