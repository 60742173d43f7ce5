import { silentLog } from '@torc/protocol/environment/log'
import { systemEnvironment } from '@torc/protocol/environment/system'
import { tcpTransport } from '@torc/protocol/transport/tcp'
import { startAgent } from '../../src/agent.js'
import { clusterId, secret } from './agent-harness.js'

// A process with one agent on the directory of its argument, for tests that kill it.
const [, , data] = process.argv
if (data === undefined) throw new Error('name a directory')
const agent = await startAgent({
  data,
  clusterId,
  secret,
  transport: tcpTransport(),
  listen: { host: '127.0.0.1', port: 0 },
  join: [],
  name: 'child',
  zone: '',
  capacity: 1,
  environment: systemEnvironment,
  log: silentLog,
})
process.stdout.write(`${JSON.stringify({ id: agent.id, address: agent.address })}\n`)
// The parent's end of the pipe closes when the parent ends, however it ends.
process.stdin.on('close', () => process.exit(1))
process.stdin.resume()
