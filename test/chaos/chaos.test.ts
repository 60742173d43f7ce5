import t from 'tap'
import { chaos } from './chaos.js'

// `npm run chaos` does more, for longer.
t.test('faults at random, up to two at once: nothing is lost, nothing is back', async t => {
  const { problems, calls, faults, checked } = await chaos({ seed: 'npm test', how: { lastsMs: 8_000 } })
  t.strictSame(problems, [])
  t.ok(Object.keys(faults).length > 0)
  t.ok(calls.ok > 200, `${calls.ok} calls`)
  t.ok((checked?.elements.present ?? 0) > 20 && (checked?.registerReads.binding ?? 0) > 20)
})
