import type { StagedNumber } from '@torc/cluster/transition/stage'
import { TorcError } from '@torc/protocol/errors'

/* What an agent refuses for the sake of the layout, in words. */

export function oldCopy(nodeId: string): TorcError {
  return new TorcError(
    'UNAVAILABLE',
    `agent ${nodeId} has an old copy of its disk and takes no part until a layout takes it in anew`,
  )
}

export function staleEpoch(nodeId: string, number: number, stage: number, own: StagedNumber): TorcError {
  const which = number > own.number ? 'a newer' : 'an older'
  return new TorcError(
    'STALE_EPOCH',
    `the request has ${which} layout (${number}.${stage}) than agent ${nodeId} (${own.number}.${own.stage})`,
  )
}

export function notTakenOver(nodeId: string, partition: number, number: number): TorcError {
  return new TorcError(
    'UNAVAILABLE',
    `agent ${nodeId} owns partition ${partition} since layout ${number} and has not taken it over yet`,
  )
}

export function notOwner(nodeId: string, partition: number, number: number): TorcError {
  return new TorcError('NOT_OWNER', `agent ${nodeId} does not own partition ${partition} in layout ${number}`)
}
