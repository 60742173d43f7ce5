/** A write: its key, and the id that is the same in all of its attempts. */
export interface Operation {
  readonly bucketId: Uint8Array
  /** UTF-8. */
  readonly key: Uint8Array
  readonly opId: Uint8Array
  /** How many owners hold what is in the bucket, where the request said it. */
  readonly replicas?: number | undefined
}

/** What an agent knows of an operation: it holds its version, an intent of it, or nothing. */
export type OperationState = 'version' | 'intent' | 'none'
