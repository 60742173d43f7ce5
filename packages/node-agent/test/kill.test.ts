import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { dotText } from '@torc/cluster/clocks/dot'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import t, { type Test } from 'tap'
import type { Agent } from '../src/agent.js'
import { fetched, firstEpoch, serverConnection } from './support/agent-harness.js'
import { address, mint } from './support/key-requests.js'
import { temporaryFolder } from './support/temporary-folder.js'

interface Child {
  readonly process: ChildProcess
  readonly id: string
  readonly server: Exchange
  kill(): Promise<void>
}

async function startChild(t: Test, data: string): Promise<Child> {
  const script = fileURLToPath(new URL('./support/agent-child.js', import.meta.url))
  const child = spawn(process.execPath, [script, data], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  t.teardown(kill)
  const [line] = await once(child.stdout, 'data')
  const agent = JSON.parse(String(line)) as Agent
  return { process: child, id: agent.id, server: await serverConnection(t, agent), kill }
}

interface Acknowledged {
  readonly key: string
  readonly body: Uint8Array
  readonly id: string
}

t.test('what was acknowledged survives kill -9, and no dot is used twice', { timeout: 120_000 }, async t => {
  const data = temporaryFolder(t)
  const acknowledged: Acknowledged[] = []
  const blocks: Uint8Array[] = []
  const dots = new Set<string>()
  for (let life = 0; life < 3; life++) {
    const child = await startChild(t, data)
    if (life === 0) await child.server.request('putEpoch', { epoch: firstEpoch([child.id]) })
    const killAt = acknowledged.length + 150 + Math.floor(systemRandom.fraction() * 300)
    let stopped = false
    const writer = async (number: number): Promise<void> => {
      for (let i = 0; !stopped; i++) {
        const key = `key-${(i * 7 + number) % 50}`
        const body = systemRandom.bytes(200)
        try {
          const { version } = await mint(child.server, key, body)
          acknowledged.push({ key, body, id: version.id })
          if (dots.has(dotText(version.dot))) t.fail(`the dot ${dotText(version.dot)} was used twice`)
          dots.add(dotText(version.dot))
        } catch {
          return
        }
        if (acknowledged.length >= killAt) stopped = true
      }
    }
    const blockWriter = async (): Promise<void> => {
      while (!stopped) {
        const block = systemRandom.bytes(100_000)
        const head = {
          ...address,
          hash: systemHasher.sha256(block),
          size: block.length,
          opId: systemRandom.bytes(16),
        }
        try {
          await child.server.request('putBlock', head, { body: block })
          blocks.push(block)
        } catch {
          return
        }
      }
    }
    const all = [...Array.from({ length: 16 }, (_, i) => writer(i)), blockWriter(), blockWriter()]
    await Promise.race(all)
    await child.kill()
    stopped = true
    await Promise.all(all)
  }
  const child = await startChild(t, data)
  const held = new Map<string, Set<string>>()
  for (const key of new Set(acknowledged.map(one => one.key))) {
    const answers = await fetched(child.server, 'fetchKey', { ...address, key, want: 'state' })
    const records = answers.flatMap(({ head }) => [...(head.heads ?? []), ...(head.versions ?? [])])
    held.set(key, new Set(records.map(record => decodeVersion(record).id)))
  }
  const lost = acknowledged.filter(({ key, id }) => held.get(key)?.has(id) !== true)
  t.equal(lost.length, 0, `${acknowledged.length} acknowledged versions are there`)
  for (const block of blocks) {
    const hash = systemHasher.sha256(block)
    const [answer] = await fetched(child.server, 'fetchBlock', { epoch: 1, stage: 3, time: 0, hash })
    if (Buffer.compare((await answer?.body?.bytes(200_000)) ?? new Uint8Array(0), block) !== 0)
      t.fail('a block is lost')
  }
  t.ok(blocks.length > 0, `${blocks.length} acknowledged blocks are there`)
  t.ok(dots.size >= acknowledged.length)
  await child.kill()
})
