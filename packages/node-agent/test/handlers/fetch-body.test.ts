import t from 'tap'
import { fetched } from '../support/agent-harness.js'
import { address, mint, soleAgent } from '../support/key-requests.js'

t.test('bodies of the head and of versions below it', async t => {
  const { server } = await soleAgent(t)
  const texts = ['one', 'two', '']
  for (const text of texts) {
    const { version } = await mint(server, 'a', Buffer.from(text))
    await mint(server, 'b', Buffer.from('another key'))
    const dot: [string, number] = [version.dot.actor, version.dot.counter]
    const [head] = await fetched(server, 'fetchBody', { ...address, key: 'a', dot })
    t.same((await head?.body?.bytes(100)) ?? Buffer.alloc(0), Buffer.from(text))
    await mint(server, 'a', Buffer.from('newer'))
    const [below] = await fetched(server, 'fetchBody', { ...address, key: 'a', dot })
    t.same((await below?.body?.bytes(100)) ?? Buffer.alloc(0), Buffer.from(text))
  }
})

t.test('what is not there is said', async t => {
  const { server } = await soleAgent(t)
  const { version } = await mint(server, 'a', Buffer.from('x'))
  const dot: [string, number] = [version.dot.actor, version.dot.counter + 1]
  await t.rejects(fetched(server, 'fetchBody', { ...address, key: 'a', dot }), { code: 'VERSION_NOT_FOUND' })
  await t.rejects(fetched(server, 'fetchBody', { ...address, key: 'none', dot }), {
    code: 'VERSION_NOT_FOUND',
  })
  const blocks = await mint(server, 'b', Buffer.alloc(0), {
    size: 5,
    blocks: Buffer.alloc(32),
    blockSizes: [5],
  })
  const blocksDot: [string, number] = [blocks.version.dot.actor, blocks.version.dot.counter]
  await t.rejects(fetched(server, 'fetchBody', { ...address, key: 'b', dot: blocksDot }), {
    code: 'BAD_REQUEST',
  })
})
