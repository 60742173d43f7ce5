import t from 'tap'
import { majority } from '../../src/consensus/majority.js'

t.test('any two majorities share a member, and no smaller group is one', async t => {
  for (let count = 1; count <= 64; count++) {
    t.ok(2 * majority(count) > count, `${majority(count)} of ${count}`)
    t.ok(2 * (majority(count) - 1) <= count, `and not fewer of ${count}`)
  }
})
