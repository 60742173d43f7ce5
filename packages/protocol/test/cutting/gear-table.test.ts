import t from 'tap'
import { gearTable } from '../../src/cutting/gear-table.js'
import { systemHasher } from '../../src/environment/system.js'

t.test('the golden table: with another one all contents would be cut elsewhere', async t => {
  const bytes = Buffer.alloc(1024)
  for (const [byte, word] of gearTable.entries()) bytes.writeInt32BE(word, 4 * byte)
  t.equal(bytes.toString('hex', 0, 16), '6a86e2a574e034fc34feb1d2e107497c')
  t.equal(
    Buffer.from(systemHasher.sha256(bytes)).toString('hex'),
    '1609f39caca07221301506393937ac5777585ff5d78e06a4bc5ae336cceb5f74',
  )
  t.equal(new Set(gearTable).size, 256)
})
