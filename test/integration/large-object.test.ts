import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { connect } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import t from 'tap'
import { startCluster, vmHwm } from '../harness/processes/cluster.js'

const mebibyte = 1024 * 1024
/** More than the processes may ever have resident: one that gathered the body would be found out. */
const objectBytes = 256 * mebibyte
const residentBytesMax = 200 * mebibyte

/** Pieces that are no multiple of a block, and never the same. */
async function* content(
  seed: Buffer,
  digest: { update(piece: Uint8Array): void },
): AsyncGenerator<Uint8Array> {
  const pieceBytes = 300_007
  for (let sent = 0, number = 0; sent < objectBytes; number++) {
    const piece = Buffer.from(seed.subarray(0, Math.min(pieceBytes, objectBytes - sent)))
    piece.writeUInt32BE(number, 0)
    digest.update(piece)
    yield piece
    sent += piece.length
  }
}

t.test('a body larger than the memory that is allowed passes through all processes', async t => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const store = await connect({
    servers: [cluster.server],
    credentials: readCredentials(cluster.credentials),
  })
  t.teardown(() => store.close())
  await store.createBucket('box')
  const sent = createHash('sha256')
  const { size, sha256 } = await store.put('box', 'large', content(randomBytes(300_007), sent))
  const sentHex = sent.digest('hex')
  t.equal(size, objectBytes)
  t.equal(sha256, sentHex)
  const received = createHash('sha256')
  for await (const piece of (await store.get('box', 'large')).body) received.update(piece)
  t.equal(received.digest('hex'), sentHex)
  // Only Linux tells a process's peak.
  if (!existsSync('/proc/self/status')) return
  for (const [name, pid] of [
    ['server', cluster.serverPid] as const,
    ...cluster.agents.map(({ id, pid }) => [id, pid] as const),
  ]) {
    const resident = vmHwm(pid)
    t.ok(resident < residentBytesMax, `${name} had at most ${Math.round(resident / mebibyte)} MiB resident`)
  }
})
