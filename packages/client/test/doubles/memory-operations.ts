import { TorcError } from '@torc/protocol/errors'
import type { ClusterStatus, LayoutChange, LayoutInfo, MemberStatus } from '@torc/protocol/store/admin'
import type { ClusterBytes } from '@torc/protocol/store/blocks'
import type { RepairStatus } from '@torc/protocol/store/repair'
import type { ScrubStatus } from '@torc/protocol/store/scrub'

/** What operators are shown of a cluster that is not there: one server and one agent. */
export class MemoryOperations {
  healthy = true
  /** What the agent tells of itself beyond the usual. */
  agentState: Partial<MemberStatus> = {}
  /** What the cluster tells of bytes. */
  bytes: ClusterBytes = {}
  /** What `scrub` answers, and what `scrubStatus` then answers, one after the other. */
  scrubs: ScrubStatus[] = []

  /** The same of `repair` and `repairStatus`. */
  repairs: RepairStatus[] = []

  statusOf(buckets: number): ClusterStatus {
    const member = { zone: '', state: 'alive', capacity: 1000 } as const
    const counts = { usedBytes: 10, partitions: 256, keys: 1, versions: 1, blocks: 0 }
    const none = {
      usedBytes: undefined,
      partitions: undefined,
      keys: undefined,
      versions: undefined,
      blocks: undefined,
    }
    return {
      ...{ epoch: 1, partitions: 256, replicas: 3, healthy: this.healthy, buckets },
      ...this.bytes,
      problems: this.healthy ? [] : ['agent-1 is down'],
      members: [
        { id: 'server-1', name: 'server', role: 'server', address: '127.0.0.1:7400', ...member, ...none },
        {
          ...{ id: 'agent-1', name: 'agent', role: 'agent', address: '127.0.0.1:7410', ...member, ...counts },
          ...this.agentState,
        },
      ],
    }
  }

  async layout(): Promise<LayoutInfo> {
    const agents = [{ id: 'agent-1', zone: '', capacity: 1000, partitions: 256 }]
    return { epoch: 1, partitions: 256, replicas: 1, agents }
  }

  /** What was asked for of the layout, in order. */
  readonly layoutCalls: unknown[] = []

  initLayout(): Promise<LayoutInfo> {
    return this.layout()
  }

  stageLayout(change: LayoutChange): Promise<LayoutInfo> {
    this.layoutCalls.push(change)
    return this.layout()
  }

  cancelLayout(): Promise<LayoutInfo> {
    this.layoutCalls.push('cancel')
    return this.layout()
  }

  applyLayout({
    epoch,
    acceptLoss,
  }: {
    epoch?: number | undefined
    acceptLoss?: boolean
  } = {}): Promise<LayoutInfo> {
    this.layoutCalls.push({ epoch, acceptLoss })
    return this.layout()
  }

  /** As a server that asks first. */
  async recoverLayout({
    acceptLoss = false,
  }: {
    acceptLoss?: boolean | undefined
  } = {}): Promise<LayoutInfo> {
    this.layoutCalls.push({ recover: acceptLoss })
    if (acceptLoss) return this.layout()
    throw new TorcError('BAD_REQUEST', 'this gives up agent-2 for good.', { details: { orphaned: 0 } })
  }

  async repair(): Promise<RepairStatus> {
    return this.repairs[0] ?? { agents: [] }
  }

  async repairStatus(): Promise<RepairStatus> {
    if (this.repairs.length > 1) this.repairs.shift()
    return this.repairs[0] ?? { agents: [] }
  }

  async scrub(): Promise<ScrubStatus> {
    return this.scrubs[0] ?? { agents: [] }
  }

  async scrubStatus(): Promise<ScrubStatus> {
    if (this.scrubs.length > 1) this.scrubs.shift()
    return this.scrubs[0] ?? { agents: [] }
  }
}
