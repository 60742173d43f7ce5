import type { Store } from '@torc/client'
import t from 'tap'
import { bodyBytes, bodyOf, load } from './load.js'

const stores = [{}, {}] as Store[]

t.test('every index once, over all connections, never more at a time than wanted', async t => {
  const seen: number[] = []
  const used = new Set<Store>()
  let open = 0
  let most = 0
  let told = 0
  const options = {
    stores,
    inFlight: 8,
    signal: new AbortController().signal,
    onProgress: (done: number) => {
      told = done
    },
  }
  await load(100, options, async (store, index) => {
    seen.push(index)
    used.add(store)
    most = Math.max(most, ++open)
    await new Promise(resolve => setImmediate(resolve))
    open--
  })
  t.strictSame(seen, [...Array(100).keys()])
  t.equal(used.size, 2)
  t.equal(most, 8)
  t.equal(told, 100)
})

t.test('the first failure ends it, and an interruption does', async t => {
  let calls = 0
  const options = { stores, inFlight: 2, signal: new AbortController().signal, onProgress: () => undefined }
  const failing = load(1000, options, async () => {
    if (++calls === 5) throw new Error('full')
  })
  await t.rejects(failing, /full/)
  t.ok(calls < 10)
  await t.rejects(
    load(10, { ...options, signal: AbortSignal.abort(new Error('stop')) }, async () => 0),
    /stop/,
  )
})

t.test('bodies are of 1 KiB and differ', async t => {
  t.equal(bodyOf(70_000).length, bodyBytes)
  t.notSame(Buffer.from(bodyOf(1)), Buffer.from(bodyOf(2)))
})
