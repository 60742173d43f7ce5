/** What one run did: operations or bytes, and the time that they took in the process that made them. */
export interface Sample {
  readonly units: number
  readonly elapsedMs: number
}

export interface NamedProcess {
  readonly name: string
  readonly pid: number
}

/** One of the two things that a case compares. */
export interface Side {
  /** One timed run. */
  run(): Promise<Sample>
  /** An untimed run that fills caches, compiles code and grows buffers. */
  warmUp(): Promise<void>
  /** The processes that carry the load, for the memory column. */
  readonly processes: readonly NamedProcess[]
  close(): Promise<void>
}

/** How much work the runs do. */
export interface Effort {
  /** Length of a run of small requests. */
  readonly seconds: number
  /** Size of a large body. */
  readonly largeBytes: number
  /** Timed runs of each side. */
  readonly rounds: number
}
