import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type RunResult, runTorc } from '../harness/processes/run-torc.js'
import { TorcProcess } from '../harness/processes/torc-process.js'

/** A cluster as an operator starts it on real machines: one process at a time. */
class ByHand {
  readonly folder = mkdtempSync(join(tmpdir(), 'torc-hand-'))
  readonly configDirectory = join(this.folder, 'config')
  readonly secret = join(this.folder, 'secrets', 'cluster-secret.json')
  readonly #processes: TorcProcess[] = []

  constructor(t: Test) {
    t.teardown(async () => {
      for (const process of this.#processes) await process.end()
      rmSync(this.folder, { recursive: true, force: true })
    })
  }

  run(args: string[], server?: string): Promise<RunResult> {
    const variables = {
      TORC_CREDENTIALS: join(this.folder, 'secrets', 'credentials.json'),
      TORC_SERVER: server ?? '',
    }
    return runTorc(args, { configDirectory: this.configDirectory, variables })
  }

  launch(...args: string[]): TorcProcess {
    const process = new TorcProcess(args, { configDirectory: this.configDirectory })
    this.#processes.push(process)
    return process
  }

  async node(
    kind: 'server' | 'agent',
    join_: string,
    ...args: string[]
  ): Promise<{ address: string; process: TorcProcess }> {
    const joins = join_ === '' ? [] : ['--join', join_]
    const process = this.launch(
      kind,
      '--listen',
      '127.0.0.1:0',
      '--cluster-secret-file',
      this.secret,
      ...joins,
      ...args,
    )
    const ready = await process.waitFor(`the ${kind}`, line => line.event === 'ready')
    return { address: String(ready.address), process }
  }

  agent(name: string, join_: string, ...args: string[]): Promise<{ address: string; process: TorcProcess }> {
    return this.node('agent', join_, '--name', name, '--data', join(this.folder, name), ...args)
  }
}

t.test('secret, server, agents, layout: then it stores', async t => {
  const hand = new ByHand(t)
  const made = await hand.run(['init', '--out', join(hand.folder, 'secrets'), '--json'])
  t.match(made, { code: 0 }, made.stderr)
  t.match(made.records(), [{ clusterId: /^[0-9a-f]{32}$/, clusterSecret: hand.secret, accessKey: String }])
  t.match(await hand.run(['init', '--out', join(hand.folder, 'secrets')]), {
    code: 2,
    stderr: /is there already/,
  })

  const server = await hand.node('server', '')
  // The second agent knows the first one only: any live node leads to the rest.
  const one = await hand.agent('one', server.address, '--zone', 'a', '--log-level', 'debug')
  const two = await hand.agent('two', one.address, '--zone', 'b')
  t.match(await hand.run(['mb', 'box'], server.address), { code: 5, stderr: /layout init/ }, 'no layout yet')

  let known: unknown[] = []
  while (known.length < 2) {
    const status = await hand.run(['status', '--json'], server.address)
    known = ((status.records()[0]?.agents ?? []) as { state: string }[]).filter(
      ({ state }) => state === 'alive',
    )
  }
  const layout = await hand.run(['layout', 'init', '--agents', '2', '--replicas', '2'], server.address)
  t.match(layout, { code: 0 }, layout.stderr)
  t.match(await hand.run(['mb', 'box', '--replicas', '2'], server.address), { code: 0 })
  const put = await hand.run(['post', 'box', '--text', 'hello', '--json'], server.address)
  t.match(put, { code: 0 }, put.stderr)
  const key = String(put.records()[0]?.key)
  await one.process.waitFor('the log of the item', line => line.level === 20 && line.key === key)
  t.equal((await hand.run(['get', `box/${key}`], server.address)).stdout.toString(), 'hello')

  t.equal(await two.process.end('SIGTERM'), 0)
  t.equal(await server.process.end('SIGINT'), 0)
})

t.test('what is wrong is said at the start', async t => {
  const hand = new ByHand(t)
  t.match(await hand.run(['init', '--out', join(hand.folder, 'secrets')]), { code: 0 })
  const refused = async (...args: string[]): Promise<string> => {
    const process = hand.launch(...args)
    t.equal(await process.exited, 2)
    return process.errors
  }
  const secret = ['--cluster-secret-file', hand.secret]
  t.match(await refused('server', '--listen', '127.0.0.1:0'), /--cluster-secret-file is missing/)
  t.match(await refused('server', ...secret), /--listen is missing/)
  t.match(await refused('server', ...secret, '--listen', 'nowhere'), /HOST:PORT/)
  t.match(await refused('agent', ...secret, '--listen', '127.0.0.1:0'), /--data is missing/)
  t.match(
    await refused('agent', '--cluster-secret-file', '/does/not/exist', '--listen', '127.0.0.1:0'),
    /no cluster secret file/,
  )
})
