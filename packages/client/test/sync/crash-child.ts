import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import { DiskFolder } from '../../src/sync/local/disk-folder.js'
import { type Change, carryOut } from './folder-under-test.js'

// A process that is killed in the middle of a change: DIRECTORY STEP CHANGE.
const [directory = '', step = '', change = ''] = process.argv.slice(2)
const folder = await DiskFolder.open(directory, {
  random: systemRandom,
  hasher: systemHasher,
  links: 'store',
  onStep: reached => {
    if (reached === step) process.kill(process.pid, 'SIGKILL')
  },
})
await carryOut(folder, JSON.parse(change) as Change)
