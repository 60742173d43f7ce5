import { Writable } from 'node:stream'
import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { Output } from '../../src/output/output.js'
import { TestIo } from '../doubles/test-io.js'

function outputOf(io: TestIo, more: { json?: boolean; quiet?: boolean } = {}): Output {
  return new Output({
    stdout: io.stdout,
    stderr: io.stderr,
    variables: io.variables,
    json: false,
    quiet: false,
    ...more,
  })
}

t.test('modes', async t => {
  t.equal(outputOf(new TestIo()).mode, 'plain')
  t.equal(outputOf(new TestIo({ terminal: true })).mode, 'terminal')
  t.equal(outputOf(new TestIo({ terminal: true }), { json: true }).mode, 'json')
})

t.test('quiet keeps data and errors', async t => {
  const io = new TestIo()
  const output = outputOf(io, { quiet: true })
  output.summary('summary')
  output.note('note')
  output.line('data')
  output.error(new TorcError('KEY_NOT_FOUND', 'gone'))
  t.equal(io.stdout.text, 'data\n')
  t.match(io.stderr.text, /^error: gone\nhint: /)
})

t.test('colours only where they are wanted', async t => {
  const plain = new TestIo({ terminal: true })
  t.equal(outputOf(plain).colors.red('x'), 'x', 'NO_COLOR')
  const colorful = new TestIo({ terminal: true, variables: { NO_COLOR: '' } })
  t.equal(outputOf(colorful).colors.red('x'), '\u001b[31mx\u001b[39m')
  t.equal(outputOf(new TestIo({ variables: { NO_COLOR: '' } })).colors.red('x'), 'x', 'a pipe')
})

t.test('tables and fields', async t => {
  const io = new TestIo({ terminal: true })
  const output = outputOf(io)
  output.table(
    ['name', 'size'],
    [
      ['a', '1'],
      ['long name', '22'],
    ],
  )
  output.table(['name'], [])
  t.equal(io.stdout.text, 'name       size\na          1\nlong name  22\n')
  const pipe = new TestIo()
  outputOf(pipe).table(['name', 'size'], [['a', '1']])
  outputOf(pipe).fields([['name', 'a']])
  t.equal(pipe.stdout.text, 'a\t1\nname\ta\n')
})

t.test('raw bytes wait for the reader, and for an interrupt', async t => {
  let release: (() => void) | undefined
  const slow = new Writable({
    highWaterMark: 1,
    write: (_chunk, _encoding, done) => {
      release = done
    },
  })
  const io = new TestIo()
  const output = new Output({ stdout: slow, stderr: io.stderr, variables: {}, json: false, quiet: false })
  const controller = new AbortController()
  let written = false
  const writing = output.write(Buffer.from('xx'), controller.signal).then(() => {
    written = true
  })
  t.equal(written, false)
  release?.()
  await writing
  const stuck = output.write(Buffer.from('yy'), controller.signal)
  controller.abort(new TorcError('INTERRUPTED', 'stop'))
  await t.rejects(stuck, { code: 'INTERRUPTED' })
  const failing = output.write(Buffer.from('zz'), new AbortController().signal)
  slow.destroy(new Error('gone'))
  await t.rejects(failing, { message: 'gone' })
})
