import { emptyContext, encodeContext } from '@torc/cluster/clocks/causal-context'
import { attributesOf } from '@torc/cluster/state/attributes'
import { decodeAttributes, encodeAttributes } from '@torc/cluster/state/attributes-codec'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { RequestOf } from '@torc/protocol/messages/table'
import t from 'tap'
import { fetched } from '../support/agent-harness.js'
import { address, mint, soleAgent } from '../support/key-requests.js'

const body = Buffer.from('x')

async function setAttributes(server: Exchange, fields: Partial<RequestOf<'setAttributes'>>) {
  const { head } = await server.request('setAttributes', {
    ...address,
    key: 'a',
    set: [],
    clear: [],
    ...fields,
  })
  return head.attributes
}

async function held(server: Exchange, want: 'clock' | 'heads' | 'state', key = 'a') {
  const answers = await fetched(server, 'fetchKey', { ...address, key, want })
  const registers = answers.flatMap(({ head }) =>
    head.attributes === undefined ? [] : [...decodeAttributes(head.attributes).values()],
  )
  return registers.map(({ version, name, value }) => [
    version?.counter,
    name,
    value === undefined ? undefined : Buffer.from(value).toString(),
  ])
}

t.test('registers of the key, of its heads and of older versions come with what asks for them', async t => {
  const { server } = await soleAgent(t)
  const old = (await mint(server, 'a', body)).version.dot
  const head = (await mint(server, 'a', body)).version.dot
  const at = ({ actor, counter }: typeof head): [string, number] => [actor, counter]
  await setAttributes(server, { set: [['policy', Buffer.from('global:5')]] })
  await setAttributes(server, { version: at(old), set: [['tag:old', Buffer.from('1')]] })
  await setAttributes(server, {
    version: at(head),
    set: [['tag:new', Buffer.from('2')]],
    clear: ['tag:gone'],
  })
  t.same(await held(server, 'clock'), [[undefined, 'policy', 'global:5']])
  t.same(await held(server, 'heads'), [
    [undefined, 'policy', 'global:5'],
    [head.counter, 'tag:gone', undefined],
    [head.counter, 'tag:new', '2'],
  ])
  t.equal((await held(server, 'state')).length, 4)
  t.same(await held(server, 'state', 'other'), [])
})

t.test('another owner that merges the answer is equal', async t => {
  const [a, b] = [await soleAgent(t), await soleAgent(t, { name: 'agent-2' })]
  const { delta, record } = await mint(a.server, 'a', body)
  const attributes = await setAttributes(a.server, { set: [['policy', Buffer.from('latest')]] })
  const context = encodeContext(emptyContext)
  const merge = (fields: object) =>
    b.server.request('merge', { ...address, key: 'a', context, ...fields }, {})
  t.equal((await merge({ attributes })).head.outcome, 'stored', 'ahead of the version')
  t.equal((await merge({ attributes })).head.outcome, 'had')
  await b.server.request('merge', { ...address, key: 'a', context: delta, record }, { body })
  const [one, two] = await Promise.all(
    [a, b].map(({ server }) => fetched(server, 'fetchKey', { ...address, key: 'a', want: 'digest' })),
  )
  t.same(one?.[0]?.head.digest, two?.[0]?.head.digest)
  t.same(await held(b.server, 'state'), await held(a.server, 'state'))
})

t.test('a register of another owner with a later time stays', async t => {
  const { server } = await soleAgent(t)
  await mint(server, 'a', body)
  const seenTime = Date.now() * 1000 + 10_000_000
  const [register] = decodeAttributes(await setAttributes(server, { clear: ['x'], seenTime })).values()
  t.ok((register?.time ?? 0) > seenTime)
  const far = Date.now() * 1000 + 3_600_000_000
  await t.rejects(setAttributes(server, { clear: ['x'], seenTime: far }), { code: 'CLOCK_SKEW' })
})

t.test('what is not there, and what does not fit together, is refused', async t => {
  const { server } = await soleAgent(t)
  const one: [string, Uint8Array] = ['x', body]
  await t.rejects(setAttributes(server, { set: [one] }), { code: 'KEY_NOT_FOUND' })
  const { version, context } = await mint(server, 'a', body)
  const dot = version.dot.actor
  await t.rejects(setAttributes(server, { set: [one], version: [dot, 77] }), { code: 'VERSION_NOT_FOUND' })
  const bad: Record<string, unknown>[] = [
    {},
    { set: [one, one] },
    { set: [one], clear: ['x'] },
    { set: [['', body]] },
    { set: [['x'.repeat(641), body]] },
    { set: [['x', 'text']] },
    { set: [['x', Buffer.alloc(65_537)]] },
    { set: [one], version: ['no actor', 1] },
    { set: [one], version: [dot, 0] },
    { set: Array.from({ length: 65 }, (_, i) => [`name-${i}`, body]) },
  ]
  for (const fields of bad) {
    await t.rejects(setAttributes(server, fields), { code: 'BAD_REQUEST' }, JSON.stringify(fields))
  }
  const large = Array.from({ length: 4 }, (_, i): [string, Uint8Array] => [`n-${i}`, Buffer.alloc(65_536)])
  await t.rejects(setAttributes(server, { set: large }), { code: 'TOO_LARGE' })
  const merge = (attributes: Uint8Array) =>
    server.request('merge', { ...address, key: 'a', context: encodeContext(emptyContext), attributes })
  for (const attributes of [Buffer.from('nonsense'), Buffer.alloc(0), Buffer.from([0x92, 9, 0x90])]) {
    await t.rejects(merge(attributes), { code: 'BAD_REQUEST' })
  }
  t.same(await held(server, 'state'), [])
  await server.request('merge', { ...address, key: 'a', context, keep: [] })
  await t.rejects(setAttributes(server, { set: [one] }), { code: 'KEY_NOT_FOUND' }, 'purged')
})

t.test('registers that do not fit one frame come in several; a clock read brings what fits one', async t => {
  const { server } = await soleAgent(t)
  const { version } = await mint(server, 'a', body)
  const register = {
    version: undefined,
    value: Buffer.alloc(60_000),
    time: version.createdAt,
    dot: version.dot,
  }
  const names = ['aaa', 'bbb', 'ccc', 'ddd', 'eee', 'fff', 'ggg']
  for (const name of names) {
    const attributes = encodeAttributes(attributesOf([{ ...register, name }]))
    await server.request('merge', { ...address, key: 'a', context: encodeContext(emptyContext), attributes })
  }
  await mint(server, 'a', body, { setPolicy: 'latest' })
  for (const want of ['heads', 'state'] as const) {
    const answers = await fetched(server, 'fetchKey', { ...address, key: 'a', want })
    t.ok(answers.length > 2, `${want}: ${answers.length} frames`)
    t.equal((await held(server, want)).length, 8)
    t.equal(answers.filter(({ head }) => head.context !== undefined).length, 1)
  }
  const clock = await fetched(server, 'fetchKey', { ...address, key: 'a', want: 'clock' })
  t.equal(clock.length, 1)
  const brought = (await held(server, 'clock')).map(([, name]) => name)
  t.ok(brought.includes('policy') && brought.length > 2 && brought.length < 8, 'the small ones first')
})
