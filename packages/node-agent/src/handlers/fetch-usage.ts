import type { WorkerStatus } from '@torc/cluster/worker/worker'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { RepairReport } from '../repair/repair-worker.js'
import type { ScrubReport } from '../scrub/scrub.js'
import type { AgentContext } from './agent-context.js'
import type { BackgroundWork } from './agent-handlers.js'

type Usage = ResponseOf<'fetchUsage'>

/**
 * How much this agent holds, what it has read and written of it since it started, and what it does in the
 * background. `usedBytes`: pages of the index and files of blocks.
 */
export function fetchUsageHandler(agent: AgentContext, work: BackgroundWork) {
  const { scrub, collection, delivery, counterLeases, repair, recovery, transition, remainders } = work
  return async (_request: IncomingRequest<'fetchUsage'>): Promise<Reply<'fetchUsage'>> => {
    const { database } = agent
    const pages = Number(database.pragma('page_count', { simple: true }))
    const pageBytes = Number(database.pragma('page_size', { simple: true }))
    const { keys, versions, blocks, ...bytes } = agent.counts.values
    const usedBytes = pages * pageBytes + bytes.storedBytes
    const freeBytes = Math.min(await agent.disk.freeBytes(), Number.MAX_SAFE_INTEGER)
    const { read: rowsRead, written: rowsWritten } = agent.index.rows.counts
    const actors = agent.lease.actors()
    const { restored } = agent.layout
    const report = scrub.report()
    const states = agent.blockIndex.stateCounts()
    return {
      head: {
        ...{ usedBytes, freeBytes, keys, versions, blocks, actors, rowsRead, rowsWritten, ...bytes },
        blocksStored: states.stored,
        blocksUploading: agent.blocks.uploadingCount,
        blocksReleasing: states.releasing,
        blocksMissing: states.missing,
        blocksCorrupt: states.corrupt,
        blocksRepaired: report.repairedEver,
        scrub: scrubState(report),
        hints: agent.hints.counts
          .targets()
          .map(target => ({ agent: target, ...agent.hints.counts.of(target) })),
        repair: repairState(repair.report()),
        workers: [
          ...[scrub.status(), ...collection.status(), ...delivery.status()],
          ...[counterLeases.status(), repair.status(), recovery.status(), ...transition.status()],
          remainders.status(),
        ].map(workerState),
        toTakeOver: agent.layout.unsynced.size,
        leftovers: agent.layout.leftovers.size,
        ...(restored === undefined ? {} : { restored }),
      },
    }
  }
}

function scrubState(report: ScrubReport): NonNullable<Usage['scrub']> {
  const { pass, walking, asked, beganAtMs, endedAtMs, blocks, bytes, bytesTotal } = report
  const { bytesPerSecond, found, repaired } = report
  return {
    ...{ pass, walking, asked, blocks, bytes, bytesTotal, bytesPerSecond, found, repaired },
    ...(beganAtMs === 0 ? {} : { beganAt: beganAtMs * 1000 }),
    ...(endedAtMs === 0 ? {} : { endedAt: endedAtMs * 1000 }),
  }
}

function repairState({ beganAtMs, endedAtMs, ...rest }: RepairReport): NonNullable<Usage['repair']> {
  return {
    ...rest,
    ...(beganAtMs === 0 ? {} : { beganAt: beganAtMs * 1000 }),
    ...(endedAtMs === 0 ? {} : { endedAt: endedAtMs * 1000 }),
  }
}

function workerState({ name, state, progress, error }: WorkerStatus): NonNullable<Usage['workers']>[number] {
  return { name, state, progress, ...(error === undefined ? {} : { error: error.slice(0, 1024) }) }
}
