import { systemEnvironment } from '@torc/protocol/environment/system'
import t from 'tap'
import type { Caller } from '../../src/connection/caller.js'
import { connect } from '../../src/index.js'
import { RemoteFeed } from '../../src/store/remote-feed.js'
import { ScriptedServer } from '../doubles/scripted-server.js'

t.test('asks for a batch, and reads the answer', async t => {
  const heads: unknown[] = []
  const server = await ScriptedServer.start({
    watchBucket: ({ head }) => {
      heads.push({ ...head })
      const change = {
        key: 'k',
        versionId: 'v1',
        kind: 'object',
        type: 'put',
        createdAt: 1_767_323_045_678_000,
      }
      if (head.cursor === undefined) return { head: { changes: [], cursor: 'c1' } }
      return { head: { changes: [change], cursor: 'c2', reset: head.cursor === 'old', more: true } } as never
    },
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  t.same(await store.changes('b'), { changes: [], cursor: 'c1', reset: false, more: false })
  const batch = await store.changes('b', { prefix: 'p/', cursor: 'old', waitMs: 100_000, limit: 5000 })
  t.same(batch, {
    changes: [
      {
        ...{ bucket: 'b', key: 'k', versionId: 'v1', kind: 'object', type: 'put' },
        createdAt: new Date('2026-01-02T03:04:05.678Z'),
      },
    ],
    ...{ cursor: 'c2', reset: true, more: true },
  })
  const largest = { bucket: 'b', prefix: 'p/', cursor: 'old', waitMs: 60_000, limit: 1000 }
  t.same(heads, [{ bucket: 'b' }, largest], 'no more than a server takes')
})

t.test('what is waited for on purpose is not late', async t => {
  const patience: unknown[] = []
  const caller = {
    deadline: ({ timeoutMs = 30_000 }: { timeoutMs?: number }) => ({ timeoutMs }),
    call: async (_name: string, _head: unknown, { timeoutMs }: { timeoutMs: number }) => {
      patience.push(timeoutMs)
      return { head: { changes: [], cursor: 'c' } }
    },
  }
  const feed = new RemoteFeed(caller as unknown as Caller, systemEnvironment)
  await feed.changes('b', { waitMs: 20_000 })
  await feed.changes('b', { waitMs: 20_000, timeoutMs: 100 })
  await feed.changes('b')
  t.same(patience, [50_000, 20_100, 30_000])
})

t.test('watch asks again and again', async t => {
  const cursors: unknown[] = []
  const server = await ScriptedServer.start({
    watchBucket: ({ head }) => {
      cursors.push(head.cursor)
      const change = {
        key: 'k',
        versionId: `v${cursors.length}`,
        kind: 'object',
        type: 'put',
        createdAt: 1,
      } as const
      return { head: { changes: [change], cursor: `c${cursors.length}` } }
    },
  })
  t.teardown(() => server.stop())
  const store = await connect(server.options())
  t.teardown(() => store.close())
  const told: string[] = []
  for await (const { changes } of store.watch('b')) {
    told.push(...changes.map(({ versionId }) => versionId))
    if (told.length === 3) break
  }
  t.same(told, ['v1', 'v2', 'v3'])
  t.same(cursors, [undefined, 'c1', 'c2'])
})
