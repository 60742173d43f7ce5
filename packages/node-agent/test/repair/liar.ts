import { contextOfDot, emptyContext, encodeContext } from '@torc/cluster/clocks/causal-context'
import { actorId } from '@torc/cluster/clocks/dot'
import { keyPartition } from '@torc/cluster/ring/partition'
import { makeState, stateDigest } from '@torc/cluster/state/key-state'
import { type Version, versionIdOf } from '@torc/cluster/state/version'
import { encodeVersion } from '@torc/cluster/state/version-codec'
import { slotOf, treePosition } from '@torc/cluster/trees/tree-shape'
import { silentLog } from '@torc/protocol/environment/log'
import { systemHasher } from '@torc/protocol/environment/system'
import { acceptExchanges } from '@torc/protocol/exchange/endpoint'
import type { Handlers } from '@torc/protocol/exchange/exchange'
import type { Test } from 'tap'
import { bucketId, clusterId, secret } from '../support/agent-harness.js'
import { written } from '../support/key-requests.js'
import { seededRandom } from '../support/seeded-random.js'
import { RepairFixture } from './repair-fixture.js'

const id = 'liar-00000000'
const partitions = 16
const time = 1_700_000_000_000_000

/** One honest agent, and an owner of the same partitions that answers what the test says. */
export async function withLiar(t: Test, lies: (fixture: RepairFixture) => Handlers): Promise<RepairFixture> {
  const fixture = await RepairFixture.start(t, { agents: 1, replicas: 1, layout: false })
  const listen = { host: '127.0.0.1', port: 7401 }
  const self = {
    ...({ id, name: 'liar', role: 'agent', address: '127.0.0.1:7401', zone: '', capacity: 1 } as const),
    ...({ incarnation: 1, state: 'alive' } as const),
  }
  const environment = { clock: fixture.time, random: seededRandom(3), hasher: systemHasher }
  const handlers: Handlers = {
    gossip: ({ head }) => ({ head: { members: [...head.members, self], epoch: head.epoch } }),
    fetchRoots: ({ head }) => ({ head: { time, digests: Buffer.alloc(16 * head.partitions.length, 7) } }),
    fetchLeaves: () => ({ head: { time, digests: Buffer.alloc(16 * 64, 7) } }),
    fetchLeafKeys: () => ({ head: { time, keys: [] } }),
    fetchLeafBlocks: () => ({ head: { time, references: [] } }),
    fetchOperations: ({ head }) => ({ head: { time, known: head.operations.map(() => 'version' as const) } }),
    ...lies(fixture),
  }
  const acceptor = await fixture.run(
    acceptExchanges(fixture.transport, listen, {
      identity: { role: 'agent', id, name: 'liar', address: '127.0.0.1:7401', clusterId, secret },
      credentials: { secretOf: () => secret },
      ...{ handlers, environment, log: silentLog, allowedRoles: ['agent', 'server'] },
    }),
  )
  t.teardown(() => fixture.run(acceptor.close(10)))
  await fixture.layout([fixture.id(0), id], 2)
  return fixture
}

/** Where a key lies in the trees. */
export function placeOf(key: string): { readonly partition: number; readonly leaf: number } {
  const slot = slotOf(treePosition(systemHasher.sha256(bucketId, Buffer.from(key))), partitions)
  return { partition: keyPartition(systemHasher, bucketId, key, partitions), leaf: slot % 64 }
}

/** A version as some other agent could have minted it, and what a state of just this version says. */
export function forged(text: string) {
  const dot = { actor: actorId('00000000000000ee'), counter: 1 }
  const opId = new Uint8Array(16).fill(9)
  const version: Version = {
    ...{ dot, after: 0, id: versionIdOf(opId), context: emptyContext, kind: 'object', opId },
    ...written(Buffer.from(text)),
    ...{ createdAt: time, seq: 1, blocks: undefined },
  }
  const context = contextOfDot(dot, 0)
  const digest = stateDigest(makeState(context, [version]))
  return { version, record: encodeVersion(version), context: encodeContext(context), digest }
}

/** Answers about one key in its leaf alone. */
export function claims(key: string, digest: Uint8Array): Handlers {
  const place = placeOf(key)
  return {
    fetchLeafKeys: ({ head }) => ({
      head: {
        time,
        keys:
          head.partition === place.partition && head.leaf === place.leaf ? [{ bucketId, key, digest }] : [],
      },
    }),
  }
}

export { time as liarTime }
