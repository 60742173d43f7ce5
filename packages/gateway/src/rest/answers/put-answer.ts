import { putRecord } from '@torc/client/output/records'
import type { PutResult } from '@torc/protocol/store/object-store'
import { nodeNameOf } from './node-name.js'

/** Where a write went, in the fields that clients of this kind of store read. Nodes go by their names. */
export interface WriteFields {
  readonly success: true
  /** The owners, in ring order. */
  readonly pref_list: readonly string[]
  readonly replicas_written: readonly string[]
  /** One text: `A : 14 , B : 14 , C : 14`, each replica that has it and the number of the version there. */
  readonly vector_clock_list: readonly [string]
  /** Where the write took place. */
  readonly node: string
  /** Only where agents were down. */
  readonly down_system_data?: readonly string[]
  /** Only where somebody keeps the write for an owner that is down: the first holder. */
  readonly hinted_system_data?: string
}

/** Both forms of the answer to a write: those fields, and what the CLI prints. */
export function putAnswer(result: PutResult): WriteFields & object {
  const { preferenceList, replicasWritten, mintedBy, down, hinted, seq } = result
  const [holder] = Object.keys(hinted)
  return {
    success: true,
    pref_list: preferenceList.map(nodeNameOf),
    replicas_written: replicasWritten.map(nodeNameOf),
    vector_clock_list: [replicasWritten.map(agent => `${nodeNameOf(agent)} : ${seq}`).join(' , ')],
    node: nodeNameOf(mintedBy),
    ...(down.length === 0 ? {} : { down_system_data: down.map(nodeNameOf) }),
    ...(holder === undefined ? {} : { hinted_system_data: nodeNameOf(holder) }),
    ...putRecord(result),
  }
}
