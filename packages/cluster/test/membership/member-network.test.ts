import t from 'tap'
import { MemberNetwork, type NetworkNode } from './member-network.js'

const lossy = { loss: 0.05, delayMsMax: 80 }

/** Members that others held for down, as `by of`. */
function downs(network: MemberNetwork, except?: NetworkNode): string[] {
  return network.seen
    .filter(({ state, of }) => state === 'down' && of !== except?.id)
    .map(({ by, of, atMs }) => `${by} ${of} ${Math.round(atMs)}`)
}

function seesAs(node: NetworkNode, other: NetworkNode): string | undefined {
  return node.membership.get(other.id)?.state
}

for (const count of [3, 5, 12]) {
  t.test(`${count} members, messages lost and late: ten minutes without a false word`, async t => {
    const network = new MemberNetwork({ ...lossy, seed: count })
    const all = await network.cluster(count)
    await network.advance(600_000)
    t.strictSame(downs(network), [])
    await network.until('nobody suspects anybody', () =>
      all.every(node => node.membership.members().every(({ state }) => state === 'alive')),
    )
    t.ok(all.every(node => node.membership.members().length === count))
  })
}

for (const how of ['process', 'machine'] as const) {
  t.test(`a ${how} that dies is seen to be down by all, in any cluster of 2 to 12`, async t => {
    for (let count = 2; count <= 12; count++) {
      const network = new MemberNetwork({ ...lossy, seed: count + 100 })
      const [victim, ...others] = await network.cluster(count)
      if (victim === undefined) throw new Error('no victim')
      await network.advance(3_000 + count * 70)
      network.kill(victim, how)
      const tookMs = await network.until('down', () => others.every(node => seesAs(node, victim) === 'down'))
      t.ok(tookMs < 10_000, `${count} members: ${Math.round(tookMs)} ms`)
      t.ok(tookMs > 3_000, 'and not in haste')
      t.strictSame(downs(network, victim), [])
    }
  })
}

for (const seconds of [5, 30]) {
  t.test(`a process that stood still for ${seconds} s blames nobody, and comes back`, async t => {
    for (const count of [2, 4, 9]) {
      const network = new MemberNetwork({ ...lossy, seed: seconds + count })
      const [sleeper, ...others] = await network.cluster(count)
      if (sleeper === undefined) throw new Error('no sleeper')
      network.pause(sleeper)
      await network.advance(seconds * 1_000)
      network.resume(sleeper)
      const tookMs = await network.until('it is back', () =>
        others.every(node => seesAs(node, sleeper) === 'alive'),
      )
      await network.advance(20_000)
      t.strictSame(downs(network, sleeper), [], `${count} members, back after ${Math.round(tookMs)} ms`)
      await network.until('still', () => others.every(node => seesAs(node, sleeper) === 'alive'))
    }
  })
}

t.test('what does not get through one way only is nobody’s death', async t => {
  for (const count of [3, 6]) {
    const network = new MemberNetwork({ ...lossy, seed: count + 7 })
    const [one, two] = await network.cluster(count)
    if (one === undefined || two === undefined) throw new Error('no members')
    network.cut(one, two)
    await network.advance(180_000)
    t.strictSame(downs(network), [])
  }
})

t.test('two halves that were apart find each other again', async t => {
  const network = new MemberNetwork(lossy)
  const all = await network.cluster(6)
  const halves = [all.slice(0, 3), all.slice(3)] as const
  for (const one of halves[0])
    for (const other of halves[1]) {
      network.cut(one, other)
      network.cut(other, one)
    }
  await network.until('each half gave up the other', () =>
    halves[0].every(one =>
      halves[1].every(other => seesAs(one, other) === 'down' && seesAs(other, one) === 'down'),
    ),
  )
  network.heal()
  network.seen.length = 0
  const tookMs = await network.until('all together', () =>
    all.every(one => all.every(other => seesAs(one, other) === 'alive')),
  )
  t.ok(tookMs < 30_000, `${Math.round(tookMs)} ms`)
})

t.test('restarts: a member is taken back at its address and at another one', async t => {
  const network = new MemberNetwork(lossy)
  const [one, two, gone] = await network.cluster(3)
  if (one === undefined || two === undefined || gone === undefined) throw new Error('no members')
  network.kill(gone, 'process')
  await network.advance(500)
  const moved = network.add({ id: gone.id, name: gone.id, join: [one], incarnation: 2 })
  await network.until('it is known at its new address', () =>
    [one, two].every(node => node.membership.get(gone.id)?.address === `127.0.0.1:${moved.address.port}`),
  )
  t.equal(moved.refusal, undefined)
  await network.advance(20_000)
  t.strictSame(downs(network), [])
})

t.test('who leaves is known to have left, and nobody suspects it', async t => {
  const network = new MemberNetwork({ delayMsMax: 20 })
  const [one, two, leaver] = await network.cluster(3)
  if (one === undefined || two === undefined || leaver === undefined) throw new Error('no members')
  void leaver.membership.leave()
  await network.advance(200)
  network.kill(leaver, 'process')
  await network.until('it left', () => [one, two].every(node => seesAs(node, leaver) === 'left'))
  t.equal(one.membership.isDown(leaver.id), true)
  t.strictSame(
    network.seen.filter(({ state }) => state === 'suspect'),
    [],
  )
})

t.test(
  'a second process under an id in use is refused, one under a name too; the first ones stay',
  async t => {
    const network = new MemberNetwork()
    const [one, two] = await network.cluster(3)
    if (one === undefined || two === undefined) throw new Error('no members')
    const copy = network.add({ id: two.id, name: two.id, join: [one], incarnation: 9 })
    const namesake = network.add({ name: two.id, join: [one] })
    const itself = network.add({ id: one.id, name: 'other', join: [one], incarnation: 9 })
    const server = network.add({ name: two.id, role: 'server', join: [one] })
    await network.until('they are refused', () => [copy, namesake, itself].every(node => node.refusal))
    const where = `127.0.0.1:${two.address.port}`
    t.match(copy.refusal, {
      code: 'CONFLICT',
      message: new RegExp(`${two.id} runs already, at ${where}`),
      hint: /--data/,
    })
    t.match(namesake.refusal, { code: 'CONFLICT', message: new RegExp(where), hint: /--name/ })
    t.match(itself.refusal, { code: 'CONFLICT' })
    await network.advance(20_000)
    t.equal(server.refusal, undefined, 'servers may share a name')
    t.equal(one.membership.get(two.id)?.address, where)
    t.equal(one.membership.get(namesake.id), undefined)
    await Promise.all([copy.membership.leave(), namesake.membership.leave()])
    await network.advance(5_000)
    t.equal(seesAs(one, two), 'alive', 'the copy does not say good-bye in its name')
    network.kill(two, 'machine')
    await network.advance(100)
    const next = network.add({ name: two.id, join: [one] })
    await network.advance(10_000)
    t.equal(next.refusal, undefined, 'the name is free once nobody answers under it')
  },
)

t.test('what a node says of itself reaches all', async t => {
  const network = new MemberNetwork(lossy)
  const all = await network.cluster(7)
  const [one] = all
  if (one === undefined) throw new Error('no members')
  one.membership.describe({ hints: new Uint8Array([5]) })
  one.membership.describe({ restored: true })
  const told = (hints: Uint8Array | undefined, restored: boolean | undefined) => () =>
    all.every(node => {
      const member = node.membership.get(one.id)
      return member?.restored === restored && String(member?.hints) === String(hints)
    })
  const tookMs = await network.until('all know', told(new Uint8Array([5]), true))
  t.comment(`${Math.round(tookMs)} ms`)
  one.membership.describe({ hints: undefined })
  await network.until('all know again', told(undefined, true))
  t.equal(one.membership.get(one.id)?.revision, 3)
})
