import type { Member, SelfDescription } from '@torc/cluster/membership/member'
import type { MembershipListener } from '@torc/cluster/membership/membership'
import t from 'tap'
import { hearsFromMost, RecordNews } from '../../src/buckets/record-news.js'
import { fakeCluster } from '../fakes/fake-cluster.js'

/** Servers that know each other; `tell` brings what one says of itself to another, and back. */
class Servers {
  readonly #members = new Map<string, Member>()
  readonly #listeners = new Map<string, MembershipListener[]>()
  /** Those that nobody reaches. */
  readonly silent = new Set<string>()

  add(id: string): RecordNews & { readonly forgets: number } {
    const member: Member = {
      ...{ id, name: id, role: 'server', address: `${id}:1`, zone: '', capacity: 0 },
      ...{ incarnation: 1, state: 'alive' },
    }
    this.#members.set(id, member)
    this.#listeners.set(id, [])
    let forgets = 0
    const news = new RecordNews(this.#viewOf(id), () => forgets++)
    return Object.defineProperty(news, 'forgets', { get: () => forgets }) as RecordNews & {
      readonly forgets: number
    }
  }

  /** `id` hears what all others say of themselves. */
  gossip(id: string): void {
    for (const member of this.#members.values()) this.#hear(id, member)
  }

  #viewOf(id: string) {
    return {
      selfId: id,
      members: () => [...this.#members.values()],
      describe: (description: SelfDescription) => {
        const self = this.#members.get(id) as Member
        this.#members.set(id, { ...self, records: description.records ?? 0 })
        return 1
      },
      subscribe: (listener: MembershipListener) => {
        this.#listeners.get(id)?.push(listener)
        return () => undefined
      },
      tell: async (members: readonly Member[]) => {
        for (const member of members) if (!this.silent.has(member.id)) this.gossip(member.id)
      },
    }
  }

  #hear(id: string, member: Member): void {
    for (const listener of this.#listeners.get(id) ?? []) listener({ member, previous: member })
  }
}

t.test('a server that changed a record knows when all others know', async t => {
  const servers = new Servers()
  const [one, two, three] = ['one', 'two', 'three'].map(id => servers.add(id))
  if (one === undefined || two === undefined || three === undefined) throw new Error('three servers')
  one.wrote(5)
  await one.everywhere()
  t.same([one.forgets, two.forgets, three.forgets], [0, 1, 1], 'the others forget what they have read')
  one.wrote(4)
  await one.everywhere()
  t.equal(two.forgets, 1, 'nothing new')

  servers.silent.add('three')
  two.wrote(9)
  let known = false
  const everywhere = two.everywhere().then(() => {
    known = true
  })
  await new Promise(setImmediate)
  t.equal(one.forgets, 1)
  t.equal(known, false, 'three has not answered')
  servers.gossip('three')
  servers.gossip('two')
  await everywhere
  t.equal(three.forgets, 2)
})

t.test('a server hears from most while it reaches more than half of the agents', async t => {
  const { c, agents } = fakeCluster()
  t.equal(hearsFromMost(c), true)
  agents.down.add('agent-0')
  t.equal(hearsFromMost(c), true)
  agents.down.add('agent-1')
  t.equal(hearsFromMost(c), false)
  t.equal(hearsFromMost(fakeCluster({ bare: true }).c), false)
})
