import t from 'tap'
import { KeyTurns } from '../../src/core/key-turns.js'

t.test('writes of one key wait for each other, and for no other key', async t => {
  const turns = new KeyTurns()
  const order: string[] = []
  let release: () => void = () => undefined
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  const first = turns.run('a', async () => {
    order.push('a1 begins')
    await held
    order.push('a1 ends')
    throw new Error('failed')
  })
  const second = turns.run('a', async () => order.push('a2'))
  await turns.run('b', async () => order.push('b'))
  t.same(order, ['a1 begins', 'b'])
  release()
  await t.rejects(first, { message: 'failed' })
  await second
  t.same(order, ['a1 begins', 'b', 'a1 ends', 'a2'], 'a failure holds nobody up')
})

t.test('too many that wait are refused', async t => {
  const turns = new KeyTurns()
  const all = Array.from({ length: 4096 }, () => turns.run('a', async () => undefined))
  await t.rejects(
    turns.run('a', async () => undefined),
    { code: 'OVERLOADED' },
  )
  await Promise.all(all)
  await turns.run('a', async () => undefined)
})
