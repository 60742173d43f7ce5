import t from 'tap'
import { defineOptions } from '../../src/config/options.js'
import { resolveOptions } from '../../src/config/resolve.js'

const table = defineOptions({
  timeout: { type: 'duration', default: 30_000, min: 1, max: 3_600_000, doc: '' },
  server: { type: 'list', default: ['a:1'], doc: '' },
  json: { type: 'boolean', doc: '' },
  progress: { type: 'boolean', default: true, doc: '' },
  limit: { type: 'integer', min: 1, max: 10, doc: '' },
  capacity: { type: 'bytes', doc: '' },
  tlsCa: { type: 'path', doc: '' },
  level: { type: 'text', choices: ['low', 'high'], doc: '' },
  meta: { type: 'repeated', doc: '' },
  secret: { type: 'text', flag: null, environment: 'TORC_SECRET', doc: '' },
})

t.test('flag, then environment, then profile, then default', async t => {
  const profile = { timeout: '1s' }
  const variables = { TORC_TIMEOUT: '2s' }
  const flags = { timeout: '3s' }
  t.equal(resolveOptions(table, {}).timeout, 30_000)
  t.equal(resolveOptions(table, { profile }).timeout, 1000)
  t.equal(resolveOptions(table, { profile, variables }).timeout, 2000)
  t.equal(resolveOptions(table, { profile, variables, flags }).timeout, 3000)
  t.equal(
    resolveOptions(table, { profile, variables: { TORC_TIMEOUT: '' } }).timeout,
    1000,
    'empty is not set',
  )
  t.equal(resolveOptions(table, { variables: { TORC_JSON: '1' }, flags: { json: false } }).json, false)
})

t.test('the result is frozen and typed', async t => {
  const options = resolveOptions(table, {
    flags: {
      server: 'a:1, b:2,',
      json: true,
      limit: '007',
      capacity: '2GiB',
      'tls-ca': '1.0',
      meta: ['a=1,2', 'b=3'],
    },
    variables: { TORC_PROGRESS: 'no', TORC_SECRET: 's' },
  })
  t.ok(Object.isFrozen(options))
  t.same(options, {
    timeout: 30_000,
    server: ['a:1', 'b:2'],
    json: true,
    progress: false,
    limit: 7,
    capacity: 2 * 2 ** 30,
    tlsCa: '1.0',
    level: undefined,
    meta: ['a=1,2', 'b=3'],
    secret: 's',
  })
  t.equal(resolveOptions(table, { flags: { level: ['low', 'high'] } }).level, 'high', 'the last one counts')
})

t.test('what is wrong names its source', async t => {
  const refuses = (sources: Parameters<typeof resolveOptions>[1], message: RegExp): void => {
    t.throws(() => resolveOptions(table, sources), { code: 'CONFIG', exitCode: 2, message })
  }
  refuses({ flags: { limit: 'x' } }, /^--limit must be a whole number, not "x"/)
  refuses({ flags: { limit: '11' } }, /^--limit must be from 1 to 10/)
  refuses({ variables: { TORC_LIMIT: '0' } }, /^TORC_LIMIT must be from 1/)
  refuses({ variables: { TORC_JSON: 'maybe' } }, /^TORC_JSON must be true or false/)
  refuses({ profile: { timeout: 'soon' } }, /^`timeout` of the profile must be a span/)
  refuses({ flags: { capacity: '-1' } }, /^--capacity must be a number of bytes/)
  refuses({ flags: { level: 'mid' } }, /^--level must be one of low, high/)
})

t.test('a switch is on, off, or not given', async t => {
  const strict = defineOptions({ strict: { type: 'switch', doc: '' } })
  t.equal(resolveOptions(strict, {}).strict, undefined)
  t.equal(resolveOptions(strict, { flags: { strict: true } }).strict, true)
  t.equal(resolveOptions(strict, { flags: { strict: false } }).strict, false)
  t.equal(resolveOptions(strict, { variables: { TORC_STRICT: 'no' } }).strict, false)
})
