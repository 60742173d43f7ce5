import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { OperatedCluster, type OperatedNode } from '../harness/processes/operated-cluster.js'
import type { Line, TorcProcess } from '../harness/processes/torc-process.js'

function operate(t: Test): OperatedCluster {
  const cluster = new OperatedCluster()
  t.teardown(() => cluster.stop())
  return cluster
}

/** The process's log says that a node of this name is in `state` now. */
function saw(name: string, state: string): (line: Line) => boolean {
  return line =>
    line.msg === 'member changed' && line.state === state && String(line.id).startsWith(`${name}-`)
}

async function sawAll(
  observers: readonly OperatedNode[],
  names: readonly string[],
  state: string,
): Promise<void> {
  await Promise.all(
    observers.flatMap(({ name, process }) =>
      names
        .filter(other => other !== name)
        .map(other => process.waitFor(`${other} ${state} at ${name}`, saw(other, state))),
    ),
  )
}

function downsOf({ process }: OperatedNode): string[] {
  return process.lines
    .filter(line => line.msg === 'member changed' && line.state === 'down')
    .map(({ id }) => String(id).replace(/-[0-9a-f]{8}$/, ''))
}

t.test('five processes: one stands still, one dies, one moves, copies and strangers are refused', async t => {
  const cluster = operate(t)
  await cluster.init()
  const server = await cluster.server()
  // Each knows one other node only: any live one leads to the rest.
  const one = await cluster.agent('one', { join: [server.address] })
  const two = await cluster.agent('two', { join: [one.address] })
  const three = await cluster.agent('three', { join: [two.address] })
  const four = await cluster.agent('four', { join: [three.address] })
  const all = [server, one, two, three, four]
  await sawAll(all, ['server', 'one', 'two', 'three', 'four'], 'alive')

  // Stopped for longer than five seconds: until another one holds it for down.
  three.process.child.kill('SIGSTOP')
  await one.process.waitFor('that three is down', saw('three', 'down'))
  const from = one.process.lines.length
  three.process.child.kill('SIGCONT')
  await one.process.waitFor('that three is back', saw('three', 'alive'), from)
  await cluster.untilStatus(server.address, ({ members }) =>
    members.every(({ name, role, state }) => role !== 'agent' || name === '' || state === 'alive'),
  )

  const diedMs = performance.now()
  four.process.child.kill('SIGKILL')
  await sawAll([server, one, two, three], ['four'], 'down')
  const tookMs = performance.now() - diedMs
  t.ok(tookMs < 10_000, `all saw that it died within ${Math.round(tookMs)} ms`)
  await cluster.untilStatus(server.address, ({ members }) =>
    members.some(({ name, state }) => name === 'four' && state === 'down'),
  )
  t.strictSame(downsOf(three), ['four'], 'the one that had stood still blames nobody else')
  t.strictSame([...new Set([one, two, server].flatMap(downsOf))].sort(), ['four', 'three'])

  await two.process.end('SIGKILL')
  cpSync(join(cluster.folder, 'two'), join(cluster.folder, 'copy'), { recursive: true })
  // On the same directory at another address: nobody answers at the old one, so it is taken in.
  const moved = await cluster.agent('two', { join: [one.address] })
  t.not(moved.address, two.address)
  await cluster.untilStatus(server.address, ({ members }) =>
    members.some(
      ({ name, state, address }) => name === 'two' && state === 'alive' && address === moved.address,
    ),
  )
  const launch = (name: string, data: string): TorcProcess =>
    cluster.launch([
      ...['agent', '--name', name, '--data', join(cluster.folder, data), '--listen', '127.0.0.1:0'],
      ...['--cluster-secret-file', cluster.secretFile, '--join', one.address],
    ])
  for (const [refused, says] of [
    [launch('two', 'copy'), /two-[0-9a-f]{8} runs already, at [\s\S]*--data/],
    [launch('one', 'namesake'), /the name one is in use by agent one-[\s\S]*--name/],
  ] as const) {
    t.equal(await refused.exited, 1)
    t.match(refused.errors, says)
    t.match(refused.errors, /127\.0\.0\.1:\d+/)
  }
  t.equal(moved.process.running && one.process.running, true, 'those that were there go on')
})

t.test('nodes of another cluster are told so, once, whoever joins whom', async t => {
  const [cluster, other] = [operate(t), operate(t)]
  await cluster.init()
  await other.init()
  // The same cluster by its id, with another secret.
  const secret = JSON.parse(readFileSync(other.secretFile, 'utf8'))
  const { clusterId } = JSON.parse(readFileSync(cluster.secretFile, 'utf8'))
  const forged = join(other.folder, 'forged.json')
  writeFileSync(forged, JSON.stringify({ ...secret, clusterId }), { mode: 0o600 })
  const server = await cluster.server()
  const agent = await cluster.agent('agent', { join: [server.address] })
  const refusal = (address: string) => (line: Line) =>
    line.level === 40 && line.address === address && line.code === 'DENIED'
  const strangers = [other.secretFile, forged].flatMap((file, number) => {
    const common = ['--listen', '127.0.0.1:0', '--cluster-secret-file', file]
    const joins = ['--join', [server.address, agent.address].join(',')]
    const data = ['--data', join(other.folder, `data-${number}`)]
    return [
      other.launch(['server', ...common, ...joins]),
      other.launch(['agent', ...common, ...joins, ...data]),
    ]
  })
  for (const address of [server.address, agent.address]) {
    for (const stranger of strangers) {
      const said = await stranger.waitFor(`refusal by ${address}`, refusal(address))
      t.match(String(said.msg), address)
      t.match(String(said.msg), /secret|cluster/)
    }
  }
  await Promise.all(strangers.map(stranger => stranger.end()))
  for (const stranger of strangers)
    t.equal(stranger.lines.filter(line => line.level === 40 && line.code === 'DENIED').length, 2, 'once each')
})
