import picocolors from 'picocolors'
import t from 'tap'
import { describeEvent } from '../../src/up/describe-event.js'
import { upPicture } from '../../src/up/picture.js'

const ready = {
  event: 'ready',
  pid: 1,
  server: '127.0.0.1:7400',
  serverPid: 2,
  servers: ['127.0.0.1:7400'],
  serverPids: [2],
  agents: [{ id: 'agent-1-0badcafe', address: '127.0.0.1:7410', pid: 3, data: '/home/me/torc-data/agent-1' }],
  credentials: '/home/me/torc-data/credentials.json',
} as const

const options = {
  ready,
  data: '/home/me/torc-data',
  directory: '/home/me',
  profile: 'local',
  colors: picocolors.createColors(false),
}

t.test('the picture names what runs, where things are and what to type', async t => {
  const picture = upPicture({ ...options, shell: false })
  for (const part of [
    'a server and 1 agent.',
    'server            127.0.0.1:7400  process 2',
    'agent-1-0badcafe  127.0.0.1:7410  process 3  torc-data/agent-1',
    'torc-data/credentials.json (profile local',
    'npx torc put',
    'Ctrl-C stops',
  ]) {
    t.match(picture, part)
  }
  const two = { ...ready, servers: [...ready.servers, '127.0.0.1:7401'], serverPids: [2, 9] }
  const several = upPicture({ ...options, ready: two, shell: false })
  t.match(several, '2 servers and 1 agent.')
  t.match(several, 'server-2          127.0.0.1:7401  process 9')
  const beforeShell = upPicture({ ...options, shell: true })
  t.match(beforeShell, 'agent-1-0badcafe')
  t.notMatch(beforeShell, 'npx torc')
  t.match(upPicture({ ...options, directory: '/srv', shell: true }), '/home/me/torc-data/agent-1')
})

t.test('the picture says where HTTP is served, where it is', async t => {
  const faces = { ...ready, http: 'http://127.0.0.1:7480', s3: 'http://127.0.0.1:7490' }
  const picture = upPicture({ ...options, ready: faces, shell: false })
  t.match(picture, 'REST, files   http://127.0.0.1:7480')
  t.match(picture, 'S3            http://127.0.0.1:7490')
  t.notMatch(upPicture({ ...options, shell: false }), 'S3')
})

t.test('events are told in sentences', async t => {
  const exited = { event: 'exited', process: 'agent-1', pid: 3, restartInMs: 200 } as const
  t.equal(
    describeEvent({ ...exited, code: null, signal: 'SIGKILL' }),
    'agent-1 (process 3) was ended by SIGKILL; starting it again in 0.2 s',
  )
  t.equal(
    describeEvent({ ...exited, code: 1, signal: null, reason: 'the disk is gone' }),
    'agent-1 (process 3) ended with status 1: the disk is gone; starting it again in 0.2 s',
  )
  t.equal(
    describeEvent({ event: 'restarted', process: 'agent-1', pid: 4, id: 'x', address: '127.0.0.1:7410' }),
    'agent-1 runs again at 127.0.0.1:7410 (process 4)',
  )
})
