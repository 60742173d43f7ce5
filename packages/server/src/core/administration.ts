import type { Membership } from '@torc/cluster/membership/membership'
import type { ClusterStatus, InitLayoutOptions, LayoutInfo } from '@torc/protocol/store/admin'
import type { BucketFlow } from '../buckets/bucket-flow.js'
import { type RepairAnswer, repairStatus, startRepair } from '../flows/repair-flow.js'
import { type ScrubAnswer, scrubStatus, startScrub } from '../flows/scrub-flow.js'
import { clusterStatus } from '../flows/status-flow.js'
import type { LayoutChanges } from '../layout/change-flow.js'
import { initLayout } from '../layout/layout-flow.js'
import type { Coordination } from './coordination.js'

/** Operations on the cluster as a whole, for both faces of the coordinator. */
export class Administration {
  readonly buckets: BucketFlow
  readonly membership: Membership
  readonly layouts: LayoutChanges
  readonly #c: Coordination

  constructor(c: Coordination, membership: Membership, buckets: BucketFlow, layouts: LayoutChanges) {
    this.#c = c
    this.layouts = layouts
    this.membership = membership
    this.buckets = buckets
  }

  status(): Promise<ClusterStatus> {
    return clusterStatus(this.#c, this.membership.members(), () => this.buckets.count({}))
  }

  /** NO_LAYOUT where there is none. */
  scrubStatus(): Promise<ScrubAnswer> {
    return scrubStatus(this.#c)
  }

  startScrub(): Promise<ScrubAnswer> {
    return startScrub(this.#c)
  }

  /** NO_LAYOUT where there is none. */
  repairStatus(): Promise<RepairAnswer> {
    return repairStatus(this.#c)
  }

  startRepair(): Promise<RepairAnswer> {
    return startRepair(this.#c)
  }

  initLayout(options: InitLayoutOptions): Promise<LayoutInfo> {
    return initLayout(this.#c, this.membership.members(), options)
  }
}
