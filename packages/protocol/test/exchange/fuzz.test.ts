import fc from 'fast-check'
import t from 'tap'
import { systemClock, systemEnvironment } from '../../src/environment/system.js'
import { acceptExchanges, connectExchange } from '../../src/exchange/endpoint.js'
import { encodeFrame } from '../../src/frames/encoder.js'
import { frameType } from '../../src/messages/frame-types.js'
import { memoryTransport } from '../../src/transport/memory.js'
import {
  blockRequest,
  clusterSecret,
  fetchBlockRequest,
  nodeIdentity,
  rangeRequest,
  usageAnswer,
} from '../support/endpoints.js'
import { head, oracleEncodeFrame } from '../support/oracle.js'
import { RawPeer } from '../support/raw-peer.js'

const goodRequests: readonly [number, Record<string, unknown>, readonly Uint8Array[] | undefined][] = [
  [frameType.FETCH, { op: 'usage' }, undefined],
  [frameType.FETCH, { op: 'block', ...fetchBlockRequest }, undefined],
  [frameType.FETCH, { op: 'range', ...rangeRequest }, undefined],
  [frameType.POST, { op: 'block', ...blockRequest() }, [Buffer.alloc(20)]],
  [frameType.POST, { op: 'block', stream: true, ...blockRequest() }, undefined],
  [frameType.DATA, {}, [Buffer.alloc(3000)]],
  [frameType.END, {}, undefined],
  [frameType.CREDIT, { bytes: 1000 }, undefined],
  [frameType.CANCEL, {}, undefined],
  [frameType.PING, {}, undefined],
]

const stream = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.maxSafeNat())
const goodFrame = fc
  .tuple(fc.constantFrom(...goodRequests), stream)
  .map(([[type, fields, body], id]) => Buffer.concat(encodeFrame(type, id, fields, body)))
const oddFrame = fc
  .record({
    type: fc.integer({ min: 0, max: 25 }),
    stream,
    head,
    body: fc.option(fc.uint8Array({ maxLength: 50 }), { nil: undefined }),
  })
  .map(oracleEncodeFrame)
const mutated = fc.tuple(goodFrame, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([bytes, at, value]) => {
  const copy = Buffer.from(bytes)
  copy[at % copy.length] = value
  return copy
})
const garbage = fc.uint8Array({ minLength: 1, maxLength: 60 }).map(bytes => Buffer.from(bytes))
const input = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: goodFrame },
    { weight: 4, arbitrary: oddFrame },
    { weight: 1, arbitrary: mutated },
    { weight: 1, arbitrary: garbage },
  ),
  { minLength: 1, maxLength: 30 },
)

t.test('random and mutated frames crash nothing, and others are served meanwhile', async t => {
  const transport = memoryTransport(systemClock)
  async function* pages() {
    for (let i = 0; i < 50; i++)
      yield {
        head: {
          time: 1,
          keys: [{ key: `${i}`, context: Buffer.alloc(20_000), heads: [], headsCoverAll: true }],
        },
      }
  }
  const acceptor = await acceptExchanges(
    transport,
    { host: '127.0.0.1', port: 0 },
    {
      identity: nodeIdentity('agent', 'agent'),
      credentials: { secretOf: () => clusterSecret },
      environment: systemEnvironment,
      allowedRoles: ['server'],
      handlers: {
        fetchUsage: () => ({ head: usageAnswer }),
        fetchBlock: () => ({ head: { time: 1, size: 0 }, body: Buffer.alloc(1_500_000) }),
        fetchRange: () => pages(),
        putBlock: async request => ({
          head: { time: (await request.body?.bytes(1_000_000))?.length ?? 0, had: false },
        }),
      },
    },
  )
  const other = await connectExchange(transport, acceptor.address, {
    identity: nodeIdentity('server', 'other'),
    environment: systemEnvironment,
  })
  const run = async (pieces: readonly Buffer[]): Promise<void> => {
    const peer = await RawPeer.connect(transport, acceptor.address, nodeIdentity('server', 'raw'))
    for (const piece of pieces) peer.sendBytes(piece)
    const { head } = await other.request('fetchUsage', {})
    if (head.keys !== usageAnswer.keys) throw new Error('the other one got a wrong answer')
    peer.connection.destroy()
    await peer.sawClose
  }
  await fc.assert(fc.asyncProperty(input, run), { numRuns: Number(process.env.TORC_FUZZ_RUNS ?? 300) })
  t.equal((await other.request('putBlock', blockRequest(), { body: Buffer.alloc(70_000) })).head.time, 70_000)
  other.destroy()
  await acceptor.close(0)
  t.equal(acceptor.exchanges.size, 0)
})
