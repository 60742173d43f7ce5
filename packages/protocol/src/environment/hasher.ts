/** SHA-256, injected so that hashing may move off the event loop. */
export interface Hasher {
  /** Digest (32 bytes) of the concatenation of `pieces`. */
  sha256(...pieces: readonly Uint8Array[]): Uint8Array
  /** An incremental digest. */
  stream(): { update(piece: Uint8Array): void; digest(): Uint8Array }
}
