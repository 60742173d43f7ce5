import t from 'tap'
import { filled, run } from '../doubles/run.js'

t.test('uploads are listed, with what is there of them', async t => {
  const store = await filled({ 'b/k': 'one' })
  t.match((await run(['uploads', 'b'], { store })).err, 'no uploads are under way')
  const first = await store.createUpload('b', 'films/a b.mp4')
  const second = await store.createUpload('b', 'k')
  await store.uploadPart('b', first.key, first.uploadId, 1, 'abc')
  await store.uploadPart('b', first.key, first.uploadId, 9, 'de')
  const time = '2026-01-02T03:04:05.678Z'
  t.equal(
    (await run(['uploads', 'b'], { store })).out,
    `${first.uploadId}\t${time}\topen\tfilms/a b.mp4\n${second.uploadId}\t${time}\topen\tk\n`,
  )
  t.same((await run(['uploads', 'b/films/', '--parts', '--json'], { store })).io.records, [
    {
      bucket: 'b',
      key: first.key,
      uploadId: first.uploadId,
      createdAt: time,
      state: 'open',
      parts: 2,
      bytes: 5,
    },
  ])
  const terminal = await run(['uploads', 'b', '--parts'], { store, terminal: true })
  t.match(terminal.out, /upload +begun +state +parts +bytes +key\n/)
  t.match(terminal.out, /open +2 +5 B +films/)
  store.inParts.leaveEnding(second.uploadId)
  const ending = await run(['uploads', 'b', '--parts'], { store })
  t.match(ending.out, /\tending\t-\t-\tk\n/)
  t.match(ending.err, 'uploads abort')
  t.equal((await run(['uploads', 'none'], { store })).code, 3)
  t.equal((await run(['uploads'], { store })).code, 2)
})

t.test('uploads abort removes one', async t => {
  const store = await filled({ 'b/k': 'one' })
  const { uploadId } = await store.createUpload('b', 'k')
  t.match((await run(['uploads', 'abort', 'b/k', 'u123'], { store })).code, 3)
  const aborted = await run(['uploads', 'abort', 'b/k', uploadId], { store })
  t.equal(aborted.out, `aborted the upload ${uploadId} of b/k\n`)
  t.equal((await run(['uploads', 'b'], { store })).out, '')
  const again = await store.createUpload('b', 'k')
  t.same((await run(['uploads', 'abort', 'b/k', again.uploadId, '--json'], { store })).io.records, [
    { bucket: 'b', key: 'k', uploadId: again.uploadId, aborted: true },
  ])
})

t.test('a command whose name begins another one', async t => {
  const store = await filled({ 'b/k': 'one' })
  for (const [argv, said, hint] of [
    [['uploads', 'abort', 'b/k'], 'UPLOADID is missing', 'uploads abort BUCKET/KEY UPLOADID'],
    [['uploads', 'abort', 'b/k', 'u', '--parts'], 'unknown option --parts', 'uploads abort --help'],
    [['uploads', 'b', 'c'], 'one argument too many', 'uploads BUCKET'],
    [['uploads', 'b', '--nope'], 'unknown option --nope', 'torc uploads --help'],
  ] as const) {
    const wrong = await run(argv, { store })
    t.equal(wrong.code, 2, argv.join(' '))
    t.match(wrong.err, said)
    t.match(wrong.err, hint)
  }
  t.match((await run(['uploads', '--help'])).out, '--parts')
  const help = (await run(['uploads', 'abort', '--help'])).out
  t.match(help, 'uploads abort BUCKET/KEY UPLOADID')
  t.notMatch(help, '--parts')
  await store.createBucket('abort')
  await store.createUpload('abort', 'k')
  t.match((await run(['uploads', 'abort/'], { store })).out, 'open\tk')
})

t.test('an object in parts says so', async t => {
  const store = await filled({ 'b/k': 'one' })
  const { uploadId } = await store.createUpload('b', 'k')
  const parts = [
    await store.uploadPart('b', 'k', uploadId, 1, 'abc'),
    await store.uploadPart('b', 'k', uploadId, 2, 'd'),
  ]
  const { sha256 } = await store.completeUpload('b', 'k', uploadId, parts)
  const shown = await run(['head', 'b/k'], { store })
  t.match(shown.out, `sha256\t${sha256} (of the digests of its parts)\nparts\t2\n`)
  t.match((await run(['head', 'b/k', '--json'], { store })).io.records, [{ sha256, parts: [3, 1] }])
  await store.put('b', 'k', 'whole')
  t.notOk('parts' in ((await run(['head', 'b/k', '--json'], { store })).io.records[0] ?? {}))
})
