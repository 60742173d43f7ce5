/** Randomness, injected so that a run can be replayed from a seed. */
export interface Random {
  /** `count` unpredictable bytes (cryptographic in production). */
  bytes(count: number): Uint8Array
  /** Uniform in [0, 1), for jitter and sampling only. */
  fraction(): number
}
