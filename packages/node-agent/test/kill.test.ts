import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Dot, dotText } from '@torc/cluster/clocks/dot'
import { decodeAttributes } from '@torc/cluster/state/attributes-codec'
import type { Version } from '@torc/cluster/state/version'
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

/** Every version on the disk: its dot and its id, whether its write was acknowledged or not. */
async function versionsHeld(server: Exchange): Promise<Version[]> {
  const held: Version[] = []
  for (let i = 0; i < keyCount; i++) {
    const answers = await fetched(server, 'fetchKey', { ...address, key: `key-${i}`, want: 'state' })
    for (const { head } of answers) {
      for (const record of [...(head.heads ?? []), ...(head.versions ?? [])]) held.push(decodeVersion(record))
    }
  }
  return held
}

const keyCount = 50

interface Acknowledged {
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
        const key = `key-${(i * 7 + number) % keyCount}`
        const body = systemRandom.bytes(200)
        try {
          const { version } = await mint(child.server, key, body)
          acknowledged.push({ body, id: version.id })
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
          key: 'key',
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
  const held = new Set((await versionsHeld(child.server)).map(({ id }) => id))
  const lost = acknowledged.filter(({ id }) => !held.has(id))
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

t.test(
  'a leased counter is never used twice, however often the agent is killed',
  { timeout: 120_000 },
  async t => {
    const data = temporaryFolder(t)
    const body = Buffer.from('x')
    /** What each dot was given to: the id of a version, or a register. */
    const users = new Map<string, string>()
    const use = (dot: Dot, user: string): void => {
      const other = users.get(dotText(dot))
      if (other !== undefined && other !== user) t.fail(`${dotText(dot)} is ${other} and ${user}`)
      users.set(dotText(dot), user)
    }
    let reached = 0
    for (let life = 0; life < 6; life++) {
      const child = await startChild(t, data)
      if (life === 0) await child.server.request('putEpoch', { epoch: firstEpoch([child.id]) })
      const before = await versionsHeld(child.server)
      // Also those that nobody was told of: they are on the disk, and repair may have carried them on.
      for (const { dot, id } of before) use(dot, id)
      for (const { dot } of before) reached = Math.max(reached, dot.counter)
      let acknowledged = 0
      const killAt = Math.floor(systemRandom.fraction() * 60)
      const writer = async (number: number): Promise<void> => {
        for (;;) {
          const key = `key-${number}`
          try {
            const { version } = await mint(child.server, key, body)
            use(version.dot, version.id)
            if (version.dot.counter <= reached) t.fail(`${dotText(version.dot)} is not above ${reached}`)
            const name = `register-${users.size}`
            const set = { ...address, key, set: [[name, body] as [string, Uint8Array]], clear: [] }
            const { head } = await child.server.request('setAttributes', set)
            for (const { dot } of decodeAttributes(head.attributes).values()) {
              use(dot, name)
              if (dot.counter <= reached) t.fail(`${dotText(dot)} is not above ${reached}`)
            }
          } catch {
            return
          }
          acknowledged++
          if (acknowledged > killAt) void child.kill()
        }
      }
      await Promise.all([0, 1, 2, 3].map(writer))
      await child.kill()
      for (const text of users.keys()) reached = Math.max(reached, Number(text.split(':')[1]))
    }
    t.equal(new Set([...users.keys()].map(text => text.split(':')[0])).size, 1, 'one actor all the time')
    t.ok(users.size >= 12, `${users.size} events`)
  },
)
