import t from 'tap'
import { FolderSync } from '../../src/disk/folder-sync.js'

/** Fsyncs that end when the test says so. */
function heldSyncs(): { sync: FolderSync; started: string[]; end(error?: Error): Promise<void> } {
  const started: string[] = []
  const running: { resolve: () => void; reject: (error: Error) => void }[] = []
  const sync = new FolderSync(folder => {
    started.push(folder)
    return new Promise((resolve, reject) => running.push({ resolve, reject }))
  })
  const end = async (error?: Error): Promise<void> => {
    const first = running.shift()
    if (error === undefined) first?.resolve()
    else first?.reject(error)
    for (let i = 0; i < 5; i++) await Promise.resolve()
  }
  return { sync, started, end }
}

t.test('callers that come during an fsync share one that begins afterwards', async t => {
  const { sync, started, end } = heldSyncs()
  const done: string[] = []
  const call = (name: string): void => void sync.sync('a').then(() => done.push(name))
  call('first')
  call('second')
  call('third')
  t.same(started, ['a'])
  await end()
  t.same(done, ['first'])
  t.same(started, ['a', 'a'])
  await end()
  t.same(done, ['first', 'second', 'third'])
  call('fourth')
  t.same(started, ['a', 'a', 'a'])
  await end()
  t.same(done.length, 4)
})

t.test('folders do not wait for each other', async t => {
  const { sync, started, end } = heldSyncs()
  const all = Promise.all([sync.sync('a'), sync.sync('b')])
  t.same(started, ['a', 'b'])
  await end()
  await end()
  await all
})

t.test('a failure reaches those whose fsync it was, and nobody else', async t => {
  const { sync, end } = heldSyncs()
  const first = sync.sync('a')
  const second = sync.sync('a')
  const failed = t.rejects(first, { message: 'broken' })
  await end(new Error('broken'))
  await failed
  await end()
  await second
})
