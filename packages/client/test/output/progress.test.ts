import t from 'tap'
import { noProgress, progressText, terminalProgress } from '../../src/output/progress.js'
import { ManualClock } from '../doubles/manual-clock.js'

const mebibyte = 1024 * 1024

t.test('the text says how far, how fast and how long still', async t => {
  const state = {
    label: 'b/k',
    bytesDone: 10 * mebibyte,
    bytesTotal: 40 * mebibyte,
    filesDone: 0,
    filesTotal: undefined,
    seconds: 5,
  }
  t.equal(progressText(state), 'b/k  25%  10.0 MiB of 40.0 MiB  2.0 MiB/s  15 s left')
  t.equal(progressText({ ...state, bytesTotal: undefined }), 'b/k  10.0 MiB  2.0 MiB/s')
  t.match(progressText({ ...state, filesDone: 3, filesTotal: 12 }), 'b/k  3/12 files  25%')
  const counted = { ...state, bytesDone: 0, bytesTotal: undefined, filesDone: 3, filesTotal: 12 }
  t.match(progressText({ ...counted, unit: 'partitions' }), 'b/k  3/12 partitions  ')
  t.match(progressText({ ...state, bytesDone: 0, bytesTotal: 0 }), '100%')
  t.equal(progressText({ ...state, bytesDone: 0, bytesTotal: undefined }), 'b/k  5 s')
  t.notMatch(progressText({ ...state, bytesDone: 40 * mebibyte }), 'left')
})

t.test('the line appears after a second, redraws, and is cleared', async t => {
  const clock = new ManualClock()
  let written = ''
  const stream = { write: (text: string) => (written += text), columns: 40 }
  const progress = terminalProgress(stream, clock).start({ label: 'b/k', bytes: 100 })
  progress.bytes(10)
  clock.pass(999)
  t.equal(written, '')
  clock.pass(1)
  t.match(written, 'b/k  10%')
  progress.bytes(40)
  clock.pass(200)
  t.match(written, 'b/k  50%')
  for (const line of written.split('\r')) t.ok(line.replace('\u001b[K', '').length < 40, 'fits the terminal')
  written = ''
  progress.end()
  progress.end()
  t.equal(written, '\r\u001b[K')
  t.equal(clock.pending, 0)
})

t.test('what ends within a second shows nothing', async t => {
  const clock = new ManualClock()
  let written = ''
  const progress = terminalProgress({ write: text => (written += text) }, clock).start({
    label: 'x',
    files: 0,
    bytes: 0,
  })
  progress.grow(5, 1)
  progress.file()
  progress.end()
  clock.pass(5000)
  t.equal(written, '')
  const silent = noProgress.start({ label: '' })
  silent.bytes(1)
  silent.file()
  silent.grow(1, 1)
  silent.end()
})

t.test('what is printed meanwhile gets a line of its own', async t => {
  const clock = new ManualClock()
  let written = ''
  const progress = terminalProgress({ write: text => (written += text) }, clock).start({ label: 'b/k' })
  const print = (): void => {
    written += 'done\n'
  }
  progress.above(print)
  t.equal(written, 'done\n', 'nothing is there to be cleared')
  clock.pass(1000)
  written = ''
  progress.above(print)
  t.equal(written, '\r\u001b[Kdone\n')
  clock.pass(200)
  t.match(written, 'b/k  1 s', 'it comes back')
  progress.end()
  written = ''
  noProgress.start({ label: '' }).above(print)
  t.equal(written, 'done\n')
})
