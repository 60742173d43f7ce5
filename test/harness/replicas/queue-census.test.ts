import { indexFile } from '@torc/node-agent/data-directory/data-directory'
import { MemoryDisk } from '@torc/node-agent/disk/memory-disk'
import { migrateIndex } from '@torc/node-agent/index/schema'
import t from 'tap'
import { queueProblems, takeQueueCensus } from './queue-census.js'

t.test('what is left in a queue is told', async t => {
  const disk = new MemoryDisk()
  const database = disk.openDatabase(indexFile)
  migrateIndex(database, disk.name)
  t.same(queueProblems([takeQueueCensus('agent-1', database)]), [])
  database.exec(`INSERT INTO releases (agent, op_id, bucket, key) VALUES ('agent-2', x'01', x'02', x'03')`)
  t.same(queueProblems([takeQueueCensus('agent-1', database)]), [
    '1 rows are left in releases of agent-1, and may be 0',
  ])
  await disk.close()
})
