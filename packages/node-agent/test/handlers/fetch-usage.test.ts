import t from 'tap'
import { fetched } from '../support/agent-harness.js'
import { address, mint, soleAgent } from '../support/key-requests.js'

t.test('actors, and the rows that requests cost', async t => {
  const { server } = await soleAgent(t)
  const usage = async () => {
    const [answer] = await fetched(server, 'fetchUsage', {})
    return answer?.head
  }
  t.match(await usage(), { actors: [], keys: 0, rowsRead: 0, rowsWritten: 0 })
  const { version } = await mint(server, 'a', Buffer.from('x'))
  t.match(await usage(), { actors: [version.dot.actor], rowsRead: 0, rowsWritten: 1 })
  await mint(server, 'a', Buffer.from('x'))
  t.match(await usage(), { actors: [version.dot.actor], rowsRead: 2, rowsWritten: 3 })
  await fetched(server, 'fetchKey', { ...address, key: 'a', want: 'heads' })
  t.match(await usage(), { rowsRead: 3, rowsWritten: 3 }, 'a small GET reads one row')
})
