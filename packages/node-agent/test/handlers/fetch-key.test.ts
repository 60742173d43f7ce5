import { contextOfDot, covers, decodeContext, encodeContext } from '@torc/cluster/clocks/causal-context'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { fetched } from '../support/agent-harness.js'
import { address, mint, soleAgent } from '../support/key-requests.js'

const wants = ['digest', 'clock', 'heads', 'state'] as const

t.test('a key that is not known reads as the empty state', async t => {
  const { server } = await soleAgent(t)
  for (const want of wants) {
    const answers = await fetched(server, 'fetchKey', { ...address, key: 'none', want })
    t.equal(answers.length, 1)
    t.same(answers[0]?.head.digest, Buffer.alloc(16))
    t.equal(answers[0]?.body, undefined)
    if (want !== 'digest') {
      t.match(answers[0]?.head, { newest: 0, seq: 0 })
      t.same(decodeContext(answers[0]?.head.context ?? Buffer.alloc(0)).vector.size, 0)
    }
  }
})

t.test('each want brings what it should', async t => {
  const { server } = await soleAgent(t)
  // Its cover names an event that this agent never had: hearsay, part of the closed context only.
  const hearsay = { actor: '00000000000000aa' as never, counter: 3 }
  const cover = encodeContext(contextOfDot(hearsay, 0))
  const first = await mint(server, 'a', Buffer.from('one'), { cover })
  const second = await mint(server, 'a', Buffer.from('two'))
  const ask = async (want: (typeof wants)[number]) => {
    const [answer] = await fetched(server, 'fetchKey', { ...address, key: 'a', want })
    return { ...answer?.head, body: await answer?.body?.bytes(100) }
  }
  const digest = await ask('digest')
  const clock = await ask('clock')
  const heads = await ask('heads')
  const state = await ask('state')
  t.equal(digest.context, undefined)
  t.same([clock.digest, heads.digest, state.digest], [digest.digest, digest.digest, digest.digest])
  t.match(clock, { newest: second.version.createdAt, seq: 2 })
  t.equal(clock.heads, undefined)
  t.ok(covers(decodeContext(clock.context ?? cover), hearsay))
  t.same(heads.context, clock.context)
  t.same(heads.body, Buffer.from('two'))
  t.same(
    heads.heads?.map(record => decodeVersion(record).id),
    [second.version.id],
  )
  t.notOk(covers(decodeContext(state.context ?? cover), hearsay), 'the state itself does not know it')
  t.same(
    state.versions?.map(record => decodeVersion(record).id),
    [first.version.id],
  )
})

t.test('versions by id, whole or by its beginning', async t => {
  const { server } = await soleAgent(t)
  const ids: string[] = []
  for (const text of ['one', 'two', 'three'])
    ids.push((await mint(server, 'a', Buffer.from(text))).version.id)
  const ask = async (versionId: string) => {
    const [answer] = await fetched(server, 'fetchKey', { ...address, key: 'a', want: 'state', versionId })
    return answer?.head.versions?.map(record => decodeVersion(record).id)
  }
  t.same(await ask(ids[0] ?? ''), [ids[0]])
  t.same(await ask((ids[1] ?? '').slice(0, 10)), [ids[1]])
  t.same(await ask(ids[2] ?? ''), [], 'the head is among the heads')
  await t.rejects(ask('UPPER'), { code: 'BAD_REQUEST' })
})

t.test('a long history comes in several frames, whole', async t => {
  const { server } = await soleAgent(t)
  const metadata: [string, string][] = Array.from({ length: 4 }, (_, i) => [`name-${i}`, 'v'.repeat(3000)])
  const ids: string[] = []
  for (let i = 0; i < 80; i++) ids.push((await mint(server, 'a', Buffer.from('x'), { metadata })).version.id)
  const answers = await fetched(server, 'fetchKey', { ...address, key: 'a', want: 'state' })
  t.ok(answers.length > 1, `${answers.length} frames`)
  const found = answers.flatMap(({ head }) => [...(head.heads ?? []), ...(head.versions ?? [])])
  t.same(found.map(record => decodeVersion(record).id).sort(), ids.sort())
  t.equal(answers.filter(({ head }) => head.context !== undefined).length, 1)
})

t.test('more heads than fit one frame come in several', async t => {
  const { server } = await soleAgent(t)
  const metadata: [string, string][] = Array.from({ length: 4 }, (_, i) => [`name-${i}`, 'v'.repeat(3000)])
  const nothing = {
    cover: encodeContext(contextOfDot({ actor: '00000000000000aa' as never, counter: 1 }, 0)),
  }
  for (let i = 0; i < 40; i++) {
    await mint(server, 'a', Buffer.from('x'), {
      ...nothing,
      exact: true,
      metadata,
      opId: systemRandom.bytes(16),
    })
  }
  const answers = await fetched(server, 'fetchKey', { ...address, key: 'a', want: 'heads' })
  t.equal(answers.flatMap(({ head }) => head.heads ?? []).length, 40)
  t.equal(answers.filter(({ body }) => body !== undefined).length, 1)
})

t.test('a body that the disk gives back changed is not passed on', async t => {
  const disk = new MemoryDisk()
  const { agent, server } = await soleAgent(t, { data: disk })
  await mint(server, 'a', Buffer.from('a body to be found'))
  await agent.close()
  disk.damage('index.sqlite', bytes => {
    const at = Buffer.from(bytes).indexOf('a body to be found')
    bytes[at] = 0x41
    return bytes
  })
  const again = await soleAgent(t, { data: disk })
  await t.rejects(fetched(again.server, 'fetchKey', { ...address, key: 'a', want: 'heads' }), {
    code: 'CORRUPT',
  })
})
