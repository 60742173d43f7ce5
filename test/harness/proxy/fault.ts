import type { FrameView } from './frame-view.js'

/** As seen from the side that connected to the proxy. */
export type Direction = 'toTarget' | 'fromTarget'

export interface Fault {
  /** Both directions when absent. */
  readonly direction?: Direction
  /** Connections that it concerns, by the name of the node that opened them; all when absent. */
  readonly from?: (name: string) => boolean
  /** Frames that it concerns; all when absent. */
  readonly matches?: (frame: FrameView) => boolean
  /** How many frames it concerns before it lifts itself; no bound when absent. */
  readonly times?: number
  /**
   * `drop`: the frame vanishes. `hold`: it, and all after it in its direction, wait until the fault is
   * lifted. `close`: the connection breaks instead. `delayMs`: it arrives later, order is kept.
   */
  readonly action: 'drop' | 'hold' | 'close' | { readonly delayMs: number }
}

/** What went through in one direction, over all connections. Dropped frames are not counted. */
export interface DirectionCounts {
  bytes: number
  frames: number
  /** Bytes of the bodies of DATA frames. */
  dataBytes: number
  /** Bytes of bodies that rode in other frames. */
  inlineBytes: number
}

interface ActiveFault {
  readonly fault: Fault
  left: number
}

/** The faults in force, oldest first. */
export class FaultTable {
  readonly #active = new Set<ActiveFault>()
  readonly #onLift: () => void

  constructor(onLift: () => void) {
    this.#onLift = onLift
  }

  /** The returned function lifts the fault. */
  add(fault: Fault): () => void {
    const active: ActiveFault = { fault, left: fault.times ?? Number.POSITIVE_INFINITY }
    this.#active.add(active)
    return () => {
      if (this.#active.delete(active)) this.#onLift()
    }
  }

  clear(): void {
    this.#active.clear()
    this.#onLift()
  }

  /** The action of the first fault that concerns the frame. A held frame asks again when something was lifted. */
  actionFor(direction: Direction, frame: FrameView, opener: string | undefined): Fault['action'] | undefined {
    for (const active of this.#active) {
      const { fault } = active
      if (fault.direction !== undefined && fault.direction !== direction) continue
      if (fault.from !== undefined && (opener === undefined || !fault.from(opener))) continue
      if (fault.matches !== undefined && !fault.matches(frame)) continue
      if (fault.action !== 'hold' && --active.left <= 0) this.#active.delete(active)
      return fault.action
    }
    return undefined
  }
}
