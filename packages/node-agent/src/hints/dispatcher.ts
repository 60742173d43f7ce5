import type { Worker, WorkerOutcome } from '@torc/cluster/worker/worker'
import type { Clock } from '@torc/protocol/environment/clock'
import type { Log } from '@torc/protocol/environment/log'
import type { BlockStore } from '../blocks/block-store.js'
import type { GroupCommit } from '../index/group-commit.js'
import type { KeyIndex } from '../index/key-index.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import { BlockUnit } from './block-unit.js'
import type { HintReceiver } from './hint-receiver.js'
import type { Hints } from './hints.js'
import { KeyUnit, type KeyUnitParts } from './key-unit.js'
import { readdressBlocks, readdressKeys } from './readdress.js'

export interface DispatcherParts extends Omit<KeyUnitParts, 'target'> {
  readonly blocks: BlockStore
  readonly clock: Clock
  /** Bytes that go to one target in a second, at most. */
  readonly bytesPerSecond: number
  readonly log: Log
  readonly hints: Hints
  readonly index: KeyIndex
  readonly layout: AgentLayout
  readonly commit: GroupCommit
  readonly receiver: HintReceiver
}

/** Hints of one unit, and bytes after which it ends. */
const hintsAtOnce = 64
const unitBytes = 4 * 1024 * 1024

/**
 * Delivers the hints for one owner (DESIGN §10), in rounds: first blocks, then keys, in the order in which they came. A
 * hint goes once the owner has all that was here when its delivery began; one that changed meanwhile, or can not be
 * delivered, stays for the next round. Hints of an owner that a layout has relieved go to the present owners, whether it
 * is there or not.
 */
export class Dispatcher implements Worker {
  readonly name: string
  readonly #target: string
  readonly #parts: DispatcherParts
  readonly #blocks: BlockUnit
  readonly #keys: KeyUnit
  /** Of the round: the last hint of each kind that it came to. */
  #afterBlock = 0
  #afterKey = 0
  /** Of the round: how much was sent, and why something was not. */
  #sent = 0
  #failure: unknown
  /** While the target is away: the layout and stage under which its hints are looked at, and how far. */
  #look = { layout: '', afterBlock: 0, afterKey: 0 }
  #keysEver = 0
  #blocksEver = 0

  constructor(target: string, parts: DispatcherParts) {
    this.#target = target
    this.#parts = parts
    // The name of a worker is a text of 64 bytes at most, and so is a node's id.
    this.name = `hints ${target}`.slice(0, 64)
    const failed = (error: unknown): void => {
      this.#failure ??= error
    }
    this.#blocks = new BlockUnit({ ...parts, target, failed })
    this.#keys = new KeyUnit({ ...parts, target, failed })
  }

  async step(signal: AbortSignal): Promise<WorkerOutcome> {
    const { layout, receiver, hints } = this.#parts
    if (layout.number === 0 || !hints.counts.has(this.#target)) return 'idle'
    if (!receiver.isAlive(this.#target)) {
      this.#beginRound()
      return await this.#readdressAll()
    }
    const beganMs = this.#parts.clock.monotonicMs()
    try {
      const bytes = await this.#unit(signal)
      if (signal.aborted) return 'idle'
      return bytes === undefined ? this.#endRound() : this.#rest(bytes, beganMs)
    } catch (thrown) {
      // What was on its way begins anew.
      this.#beginRound()
      throw thrown
    }
  }

  progress(): string {
    const { keys, blocks } = this.#parts.hints.counts.of(this.#target)
    const waiting = keys + blocks === 0 ? 'nothing waits' : `${keys} keys and ${blocks} blocks wait`
    const away = keys + blocks > 0 && !this.#parts.receiver.isAlive(this.#target) ? ' until it is back' : ''
    return `${waiting}${away}, ${this.#keysEver} keys and ${this.#blocksEver} blocks were delivered since the start`
  }

  /** Bytes that were sent; undefined at the end of a round. */
  async #unit(signal: AbortSignal): Promise<number | undefined> {
    if (!this.#keys.isOpen) {
      const rows = this.#parts.hints.blocks.next(this.#target, this.#afterBlock, hintsAtOnce)
      if (rows.length > 0) {
        const here = await readdressBlocks(this.#parts, this.#target, rows)
        const { last, delivered, bytes } = await this.#blocks.deliver(here, unitBytes, signal)
        this.#afterBlock = last ?? rows.at(-1)?.id ?? 0
        this.#sent += delivered
        this.#blocksEver += delivered
        return bytes
      }
      const keys = this.#parts.hints.keys.next(this.#target, this.#afterKey, hintsAtOnce)
      if (keys.length === 0) return undefined
      this.#afterKey = keys.at(-1)?.id ?? 0
      this.#keys.open(await readdressKeys(this.#parts, this.#target, keys))
    }
    const { sent, delivered, bytes } = await this.#keys.deliver(unitBytes, signal)
    this.#sent += sent
    this.#keysEver += delivered
    return bytes
  }

  /** What is left was failed, or changed, or came during the round. */
  #endRound(): WorkerOutcome {
    const [failure, sent] = [this.#failure, this.#sent]
    this.#beginRound()
    if (failure !== undefined) throw failure
    const { keys, blocks } = this.#parts.hints.counts.of(this.#target)
    return keys + blocks > 0 && sent > 0 ? 'busy' : 'idle'
  }

  #beginRound(): void {
    this.#afterBlock = 0
    this.#afterKey = 0
    this.#sent = 0
    this.#failure = undefined
    this.#keys.close()
  }

  #rest(bytes: number, beganMs: number): WorkerOutcome {
    const { clock, bytesPerSecond } = this.#parts
    const throttledMs = (bytes * 1000) / bytesPerSecond - (clock.monotonicMs() - beganMs)
    return throttledMs < 1 ? 'busy' : { throttledMs }
  }

  /** A target that is not there may have been relieved: at each stage of each layout all of its hints are looked at once. */
  async #readdressAll(): Promise<WorkerOutcome> {
    const { layout, hints } = this.#parts
    const look = this.#look
    const reached = `${layout.number}.${layout.stage}`
    if (look.layout !== reached) {
      this.#look = { layout: reached, afterBlock: 0, afterKey: 0 }
      return 'busy'
    }
    const blocks = hints.blocks.next(this.#target, look.afterBlock, hintsAtOnce)
    const keys = hints.keys.next(this.#target, look.afterKey, hintsAtOnce)
    look.afterBlock = blocks.at(-1)?.id ?? look.afterBlock
    look.afterKey = keys.at(-1)?.id ?? look.afterKey
    await readdressBlocks(this.#parts, this.#target, blocks)
    await readdressKeys(this.#parts, this.#target, keys)
    return blocks.length + keys.length > 0 ? 'busy' : 'idle'
  }
}
