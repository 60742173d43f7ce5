import type { Handlers } from '@torc/protocol/exchange/exchange'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { LayoutInfo, MemberStatus } from '@torc/protocol/store/admin'
import type { AccessControl } from '../access/access-control.js'
import { principalOf } from '../access/principal.js'
import type { Administration } from '../core/administration.js'
import { bucketAnswer, listedBucket } from './answers.js'

/** What clients ask about buckets and the cluster. */
export function clusterHandlers(administration: Administration, control: AccessControl): Handlers {
  const { buckets, layouts } = administration
  return {
    async putBucket({ head }) {
      const { bucket, ...options } = head
      return { head: bucketAnswer(await buckets.create(bucket, { ...options, tags: named(options.tags) })) }
    },
    async getBucket({ head }) {
      return { head: bucketAnswer(await buckets.show(head.bucket, {})) }
    },
    async setBucket({ head }) {
      const { bucket, ...changes } = head
      return { head: bucketAnswer(await buckets.change(bucket, { ...changes, tags: named(changes.tags) })) }
    },
    async deleteBucket({ head, signal }) {
      await buckets.remove(head.bucket, head.force === true, { signal })
      return { head: {} }
    },
    async listBuckets({ peer, signal }) {
      const all = await buckets.all({ signal })
      const seen = await control.seen(principalOf(peer, control.root), all, ({ name }) => name)
      return { head: { buckets: seen.map(listedBucket) } }
    },
    async getStatus() {
      const status = await administration.status()
      const { membership } = administration
      const members = status.members.map(member =>
        memberAnswer(member, membership.get(member.id)?.incarnation ?? 0),
      )
      const { logicalBytes, physicalBytes, ...rest } = status
      const head = { ...rest, problems: [...status.problems], members }
      if (logicalBytes === undefined || physicalBytes === undefined) return { head }
      return { head: { ...head, logicalBytes, physicalBytes } }
    },
    async initLayout({ head }) {
      const { epoch, agents, replicas, partitions } = await administration.initLayout(head)
      return { head: { epoch, agents: agents.map(({ id }) => id), replicas, partitions } }
    },
    async getLayout({ signal }) {
      return { head: layoutAnswer(await layouts.show({ signal })) }
    },
    async stageLayout({ head, signal }) {
      return { head: layoutAnswer(await layouts.stage(head, { signal })) }
    },
    async cancelLayout({ signal }) {
      return { head: layoutAnswer(await layouts.cancel({ signal })) }
    },
    async recoverLayout({ head, signal }) {
      return { head: layoutAnswer(await layouts.recover({ ...head, signal })) }
    },
    async applyLayout({ head, signal }) {
      return { head: layoutAnswer(await layouts.apply({ ...head, signal })) }
    },
    async getScrub() {
      return { head: await administration.scrubStatus() }
    },
    async startScrub() {
      return { head: await administration.startScrub() }
    },
    async getRepair() {
      return { head: await administration.repairStatus() }
    },
    async startRepair() {
      return { head: await administration.startRepair() }
    },
  }
}

function named(tags: readonly [string, string][] | undefined): Record<string, string> | undefined {
  return tags === undefined ? undefined : Object.fromEntries(tags)
}

function layoutAnswer(info: LayoutInfo): ResponseOf<'getLayout'> {
  const { epoch, partitions, replicas, stage, changes, plan, progress } = info
  return {
    ...{ epoch, partitions, replicas, agents: [...info.agents] },
    ...(stage === undefined ? {} : { stage }),
    ...(changes === undefined ? {} : { changes }),
    ...(plan === undefined ? {} : { plan }),
    ...(progress === undefined ? {} : { progress: [...progress] }),
  }
}

type MemberAnswer = ResponseOf<'getStatus'>['members'][number]

/** The wire leaves absent fields out. */
function memberAnswer(status: MemberStatus, incarnation: number): MemberAnswer {
  const { id, name, role, address, zone, state, capacity } = status
  const answer: MemberAnswer = {
    id,
    name,
    role,
    address: address || unknownAddress,
    zone,
    state,
    capacity,
    incarnation,
  }
  for (const field of optionalCounts) {
    const value = status[field]
    if (value !== undefined) answer[field] = value
  }
  if (status.hints !== undefined) answer.hintsHeld = [...status.hints]
  if (status.repair !== undefined) answer.repair = status.repair
  if (status.workers !== undefined) {
    answer.workers = status.workers.map(({ error, ...worker }) =>
      error === undefined ? worker : { ...worker, error },
    )
  }
  return answer
}

const optionalCounts = [
  ...(['usedBytes', 'partitions', 'keys', 'versions', 'blocks'] as const),
  ...(['bodyBytes', 'inlineBytes', 'blockBytes', 'storedBytes'] as const),
  ...(['blocksStored', 'blocksUploading', 'blocksReleasing'] as const),
  ...(['blocksMissing', 'blocksCorrupt', 'blocksRepaired'] as const),
]

/** An agent of the layout that has not been seen since this server started. */
const unknownAddress = 'unknown'
