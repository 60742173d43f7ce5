import type { KeyIndex } from '../index/key-index.js'
import type { Intents } from './intents.js'
import type { Operation, OperationState } from './operation.js'

/** What this agent knows of an operation, for audits. The index shows only what is committed. */
export function stateOf(index: KeyIndex, intents: Intents, operation: Operation): OperationState {
  const known = index.find(operation.bucketId, operation.key)
  if (known !== undefined && index.versionOf(known, operation.opId) !== undefined) return 'version'
  return intents.has(operation) ? 'intent' : 'none'
}
