import type { Handlers } from '@torc/protocol/exchange/exchange'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { Administration } from '../core/administration.js'
import { bucketAnswer } from './answers.js'

/** What clients ask about buckets and the cluster. */
export function clusterHandlers(administration: Administration): Handlers {
  const { buckets } = administration
  return {
    async putBucket({ head }) {
      const { bucket, ...options } = head
      return { head: bucketAnswer(await buckets.create(bucket, options)) }
    },
    async getBucket({ head }) {
      return { head: bucketAnswer(await buckets.show(head.bucket, {})) }
    },
    async deleteBucket({ head, signal }) {
      await buckets.remove(head.bucket, head.force === true, { signal })
      return { head: {} }
    },
    async listBuckets({ signal }) {
      return { head: { buckets: (await buckets.all({ signal })).map(bucketAnswer) } }
    },
    async getStatus() {
      const status = await administration.status()
      const members = status.members.map(member => withoutUndefined(member))
      return { head: { ...status, problems: [...status.problems], members } as ResponseOf<'getStatus'> }
    },
    async initLayout({ head }) {
      const { epoch, agents, replicas, partitions } = await administration.initLayout(head)
      return { head: { epoch, agents: agents.map(({ id }) => id), replicas, partitions } }
    },
    async getLayout() {
      const layout = await administration.layout()
      return { head: { ...layout, agents: [...layout.agents] } }
    },
    gossip: ({ head, peer }) => ({
      head: administration.membership.heard(head.members, head.epoch, peer.id),
    }),
  }
}

/** The wire leaves absent fields out. */
function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T
}
