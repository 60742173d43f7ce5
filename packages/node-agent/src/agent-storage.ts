import { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import type { Log } from '@torc/protocol/environment/log'
import { inForce } from '@torc/protocol/environment/safeguards'
import type { Environment } from '@torc/protocol/environment/system'
import { KeptLeases } from './actors/kept-leases.js'
import type { Compressor } from './blocks/block-encoding.js'
import { BlockIndex } from './blocks/block-index.js'
import { BlockStore } from './blocks/block-store.js'
import { BallotRows } from './consensus/ballot-rows.js'
import { Register } from './consensus/register.js'
import type { DataDirectory } from './data-directory/data-directory.js'
import { OpenMark } from './data-directory/directory-row.js'
import type { Disk } from './disk/disk.js'
import { ChangeLog } from './feed/change-log.js'
import { TailWaits } from './feed/tail-waits.js'
import type { AgentContext } from './handlers/agent-context.js'
import { Hints, type HintsParts } from './hints/hints.js'
import { CounterLease } from './index/counter-lease.js'
import { Counts } from './index/counts.js'
import { DroppedCounters } from './index/dropped-counters.js'
import { GroupCommit } from './index/group-commit.js'
import { KeyIndex } from './index/key-index.js'
import { AgentLayout } from './layout/agent-layout.js'
import { EpochBallots } from './layout/epoch-ballots.js'
import { Intents } from './leases/intents.js'
import { LeaseIndex } from './leases/lease-index.js'
import { ReleaseQueue } from './leases/release-queue.js'
import { CollectionNumbers } from './remainders/collection-numbers.js'
import { RemainderKeeper } from './remainders/remainder-keeper.js'
import { RemainderRows } from './remainders/remainder-rows.js'
import { AgentTrees } from './trees/agent-trees.js'

export interface StorageBounds {
  readonly uploadMs: number
  readonly remainderMs: number
  readonly changesMax?: number | undefined
}

/**
 * Builds what handlers work with on an open data directory. `uploadMs`: how long an upload may stand still;
 * `remainderMs`: how long what is left of a removed key stays; `hints`: how many bytes of them it takes, and how long
 * what was delivered stays; `changesMax`: how many changes are kept for those who watch.
 */
export function openStorage(
  disk: Disk,
  directory: DataDirectory,
  environment: Environment,
  log: Log,
  { uploadMs, remainderMs, changesMax }: StorageBounds,
  compressor: Compressor,
  hints: Pick<HintsParts, 'bytesMax' | 'lingerMs'>,
): AgentContext {
  const { database, identity } = directory
  const { hasher, random } = environment
  if (!inForce(environment, 'fsync before the answer')) database.pragma('synchronous = OFF')
  const counts = new Counts(database)
  const lease = new CounterLease(database, environment.random)
  const dropped = new DroppedCounters(database)
  const layout = new AgentLayout(database, identity.nodeId, hasher, environment)
  const clock = new HybridClock(environment.clock)
  const trees = new AgentTrees(database, hasher, () => layout.shape)
  const leases = new LeaseIndex(database, environment.clock, uploadMs, trees)
  const replicasOf = (bucketId: Uint8Array) => trees.replicasOf(bucketId)
  const held = new Hints({
    ...{ database, layout, leases, hasher, environment },
    ...{ intentMs: uploadMs, ...hints },
    replicasOf,
  })
  const changes = new ChangeLog({ database, clock, random, rowsMax: changesMax })
  const listeners = [counts, lease, layout, ...held.listeners, trees, changes, new OpenMark(database)]
  const commit = new GroupCommit(database, environment.clock, listeners)
  const mintTime = (above: number): number => clock.mintTime(above)
  const intents = new Intents(database, environment.clock, uploadMs)
  const releases = new ReleaseQueue(database, blocks => layout.ownersOfBlocks(blocks))
  const ballots = new BallotRows(database, environment)
  const collections = new CollectionNumbers(database, environment)
  const remainderRows = new RemainderRows(database, environment.clock, remainderMs)
  const index = new KeyIndex({
    ...{ database, counts, lease, dropped, intents, releases, trees, ballots, mintTime },
    ...{ remainders: remainderRows, changes, environment },
  })
  const register = new Register({
    ...{ rows: ballots, index, intents, collections, remainders: remainderRows, commit },
    clock: environment.clock,
  })
  const remainders = new RemainderKeeper({
    ...{ numbers: collections, rows: remainderRows, index, ballots, hints: held, layout, trees, commit },
    ...{ clock: environment.clock, random: environment.random },
  })
  const blockIndex = new BlockIndex(database, counts, leases, environment)
  const blocks = new BlockStore(disk, blockIndex, commit, hasher, compressor)
  return {
    nodeId: identity.nodeId,
    disk,
    database,
    commit,
    index,
    ballots,
    register,
    counts,
    lease,
    keptLeases: new KeptLeases(database),
    leases,
    intents,
    releases,
    hints: held,
    collections,
    remainderRows,
    remainders,
    blockIndex,
    blocks,
    layout,
    epochBallots: new EpochBallots(database, identity.nodeId, layout, hasher),
    trees,
    changes,
    tailWaits: new TailWaits(changes, environment.clock),
    replicasOf,
    clock,
    hasher,
    log,
  }
}
