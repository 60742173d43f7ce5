import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { Repair } from '../repair/repair.js'

/** An operator wants this agent to compare itself with the other owners now. */
export function repairReplicasHandler(repair: Repair) {
  return (_request: IncomingRequest<'repairReplicas'>): Reply<'repairReplicas'> => ({
    head: { waitFor: repair.ask() },
  })
}
