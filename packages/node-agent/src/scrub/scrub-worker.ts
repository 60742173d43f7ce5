import type { Worker, WorkerOutcome } from '@torc/cluster/worker/worker'
import type { Clock } from '@torc/protocol/environment/clock'
import type { Log } from '@torc/protocol/environment/log'
import { TorcError } from '@torc/protocol/errors'
import type { BlockIndex, BlockRow } from '../blocks/block-index.js'
import type { BlockStore } from '../blocks/block-store.js'
import type { Disk } from '../disk/disk.js'
import type { Counts } from '../index/counts.js'
import type { GroupCommit } from '../index/group-commit.js'
import { FileSweep } from './file-sweep.js'
import type { BlockSource } from './owner-blocks.js'
import { advancePass, beginPass, countRepair, describePass, endPass, isWalking } from './scrub-pass.js'
import { nextTask, pauseMs, retryDelayMs, type ScrubTask } from './scrub-plan.js'
import type { ScrubRow } from './scrub-row.js'

export interface ScrubParts {
  readonly blocks: BlockStore
  readonly index: BlockIndex
  readonly row: ScrubRow
  readonly disk: Disk
  readonly commit: GroupCommit
  readonly counts: Counts
  readonly clock: Clock
  readonly source: BlockSource
  readonly log: Log
}

export interface ScrubRates {
  /** Bytes that are read again in a second, on the average. */
  readonly bytesPerSecond: number
  /** The same for a pass that an operator asked for. */
  readonly bytesPerSecondAsked: number
  /** From the end of a pass to the beginning of the next one, in milliseconds. */
  readonly intervalMs: number
}

/** Bounds of one unit: it ends with the block that passes one of them. The time is what it may take at its rate. */
const unitBytesMax = 1024 * 1024
const unitBlocks = 32
const unitMs = 100
/** Rest between two units of looking through folders that nobody waits for. */
const sweepPauseMs = 20
/** While it walks, the position is kept durable this often: what a crash makes it check again. */
const saveMs = 30_000
/** Blocks that readers found damaged and that wait; beyond it they are found by the walk. */
const suspectsMax = 1024

/**
 * Reads all blocks again, bit by bit, and repairs what is damaged or lost from other owners (DESIGN §9). What is
 * decided is in `scrub-plan.ts`; here it is done.
 */
export class ScrubWorker implements Worker {
  readonly name = 'scrub'
  readonly #parts: ScrubParts
  readonly #rates: ScrubRates
  readonly #suspects = new Map<string, Uint8Array>()
  #pass: ReturnType<ScrubRow['load']>
  #asked = false
  /** Looking through the folders begins with the process: a crash of the last one left what there is to find. */
  #sweep: FileSweep | undefined
  /** When (by the monotonic clock) the blocks that nobody could give are asked for again. */
  #retry: { atMs: number; rounds: number; after: BlockRow | undefined } | undefined
  #savedAtMs: number
  /** What the rate is reckoned from: the walk as this process does it. */
  #walkSince: { readonly ms: number; readonly bytes: number } | undefined

  constructor(parts: ScrubParts, rates: ScrubRates) {
    this.#parts = parts
    this.#rates = rates
    this.#pass = parts.row.load()
    this.#sweep = new FileSweep(parts.disk, parts.index, parts.blocks)
    this.#savedAtMs = parts.clock.monotonicMs()
    if (parts.index.damagedAfter() !== undefined)
      this.#retry = { atMs: this.#savedAtMs, rounds: 0, after: undefined }
  }

  get pass(): ReturnType<ScrubRow['load']> {
    return this.#pass
  }

  /** Bytes a second that the walk makes now, 0 when there is none. */
  get bytesPerSecond(): number {
    const since = this.#walkSince
    if (since === undefined || !isWalking(this.#pass)) return 0
    const tookMs = Math.max(1, this.#parts.clock.monotonicMs() - since.ms)
    return Math.round(((this.#pass.bytes - since.bytes) * 1000) / tookMs)
  }

  /**
   * Asks for a pass at the higher rate. Returns the number of the pass that whoever asks waits for: the one under
   * way if that was asked for too.
   */
  ask(): number {
    if (isWalking(this.#pass) && this.#pass.asked && !this.#asked) return this.#pass.pass
    this.#asked = true
    return this.#pass.pass + 1
  }

  /** A reader found this block damaged. False when it is known, or too many wait. */
  suspect(hash: Uint8Array): boolean {
    const name = Buffer.from(hash).toString('hex')
    if (this.#suspects.has(name) || this.#suspects.size >= suspectsMax) return false
    this.#suspects.set(name, hash)
    return true
  }

  /** A server gave a damaged block back; the count is kept with the next position. */
  healed(): void {
    this.#pass = countRepair(this.#pass)
  }

  progress(): string {
    const { missing, corrupt } = this.#parts.index.damageCounts()
    const left = missing + corrupt
    return left === 0 ? describePass(this.#pass) : `${describePass(this.#pass)}; ${left} damaged now`
  }

  async step(signal: AbortSignal): Promise<WorkerOutcome> {
    const { clock } = this.#parts
    const beganMs = clock.monotonicMs()
    const bytes = await this.#do(this.#next(), signal)
    if (bytes === 'idle') return 'idle'
    const throttledMs = Math.max(
      pauseMs(bytes, clock.monotonicMs() - beganMs, this.#rate),
      this.#sweep !== undefined && !this.#isUrgent ? sweepPauseMs : 0,
    )
    return throttledMs === 0 ? 'busy' : { throttledMs }
  }

  /** Keeps the position where it is; nothing may run any more. */
  async end(): Promise<void> {
    if (isWalking(this.#pass)) await this.#save()
  }

  /** Somebody waits for the pass. */
  get #isUrgent(): boolean {
    return this.#asked || (isWalking(this.#pass) && this.#pass.asked)
  }

  get #rate(): number {
    return this.#isUrgent ? this.#rates.bytesPerSecondAsked : this.#rates.bytesPerSecond
  }

  #next(): ScrubTask {
    const { clock } = this.#parts
    const situation = {
      pass: this.#pass,
      asked: this.#asked,
      suspects: this.#suspects.size > 0,
      sweeping: this.#sweep !== undefined,
      retryDue: this.#retry !== undefined && this.#retry.atMs <= clock.monotonicMs(),
    }
    return nextTask(situation, clock.nowMs(), this.#rates.intervalMs)
  }

  /** Bytes that were read or fetched. */
  async #do(task: ScrubTask, signal: AbortSignal): Promise<number | 'idle'> {
    switch (task) {
      case 'suspect':
        return this.#checkSuspect(signal)
      case 'begin':
        return this.#begin()
      case 'sweep':
        return this.#sweepFolders()
      case 'check':
        return this.#walk(signal)
      case 'retry':
        return this.#retryNext(signal)
      case 'rest':
        return 'idle'
    }
  }

  async #begin(): Promise<number> {
    const { index, counts, clock, disk, blocks } = this.#parts
    const nowMs = clock.nowMs()
    const { storedBytes: bytesTotal } = counts.values
    this.#pass = beginPass(this.#pass, { asked: this.#asked, nowMs, last: index.lastId(), bytesTotal })
    this.#asked = false
    this.#sweep ??= new FileSweep(disk, index, blocks)
    this.#walkSince = undefined
    await this.#save()
    return 0
  }

  async #sweepFolders(): Promise<number> {
    const sweep = this.#sweep
    await sweep?.step()
    if (sweep?.done !== true) return 0
    this.#sweep = undefined
    if (sweep.removed > 0)
      this.#parts.log.info({ files: sweep.removed }, 'removed block files that no row knew')
    return 0
  }

  /** The next blocks of the pass, or its end. */
  async #walk(signal: AbortSignal): Promise<number> {
    const { index, clock } = this.#parts
    this.#walkSince ??= { ms: clock.monotonicMs(), bytes: this.#pass.bytes }
    const rows = index.walk(this.#pass.position, this.#pass.last, unitBlocks)
    if (rows.length === 0) return this.#endPass()
    const unitBytes = Math.min(unitBytesMax, (this.#rate * unitMs) / 1000)
    let moved = 0
    for (const row of rows) {
      if (signal.aborted || moved >= unitBytes) break
      const { state, bytes } = await this.#check(row.hash, row.size, signal)
      moved += bytes
      const found = state === 'sound' || state === 'gone' ? 0 : 1
      const checked = { position: row.id, blocks: state === 'gone' ? 0 : 1, bytes: row.storedSize }
      this.#pass = advancePass(this.#pass, { ...checked, found, repaired: state === 'repaired' ? 1 : 0 })
      // Kept at once: an operator's figures must not shrink with a crash.
      if (found > 0) await this.#save()
    }
    if (clock.monotonicMs() - this.#savedAtMs >= saveMs) await this.#save()
    return moved
  }

  async #endPass(): Promise<number> {
    this.#pass = endPass(this.#pass, this.#parts.clock.nowMs())
    await this.#save()
    const { pass, blocks, bytes, found, repaired } = this.#pass
    const level = found > repaired ? 'warn' : 'info'
    this.#parts.log[level]({ pass, blocks, bytes, found, repaired }, 'all blocks were checked')
    return 0
  }

  async #checkSuspect(signal: AbortSignal): Promise<number> {
    for (const [name, hash] of this.#suspects) {
      this.#suspects.delete(name)
      const { state, bytes } = await this.#check(hash, 0, signal)
      if (state === 'repaired') await this.#countRepair()
      return bytes
    }
    return 0
  }

  /** The next of the blocks that nobody could give; behind the last one, when the next round begins. */
  async #retryNext(signal: AbortSignal): Promise<number> {
    const { index, clock } = this.#parts
    const retry = this.#retry
    const row = index.damagedAfter(retry?.after)
    if (retry === undefined || row === undefined) {
      const rounds = (retry?.rounds ?? 0) + 1
      const left = index.damagedAfter() !== undefined
      this.#retry = left
        ? { atMs: clock.monotonicMs() + retryDelayMs(rounds), rounds, after: undefined }
        : undefined
      return 0
    }
    retry.after = row
    const { state, bytes } = await this.#check(row.hash, row.size, signal)
    if (state === 'repaired') await this.#countRepair()
    return bytes
  }

  /** Looks at a block and repairs it if need be. `bytes`: what was read and fetched. */
  async #check(
    hash: Uint8Array,
    size: number,
    signal: AbortSignal,
  ): Promise<{
    readonly state: 'sound' | 'missing' | 'corrupt' | 'gone' | 'repaired'
    readonly bytes: number
  }> {
    const { blocks, log } = this.#parts
    const { state, bytesRead, known } = await blocks.check(hash)
    if (state === 'sound' || state === 'gone') return { state, bytes: bytesRead }
    const block = Buffer.from(hash).toString('hex')
    const outcome = await this.#repair(hash, signal)
    if (outcome === 'repaired') {
      log.warn({ block, state }, 'a damaged block was repaired from another owner')
      return { state: 'repaired', bytes: bytesRead + size }
    }
    if (outcome === 'needless') return { state: 'sound', bytes: bytesRead + size }
    // Said once: nobody wants to read it again with every round.
    const level = known ? 'debug' : 'error'
    log[level]({ block, state }, `a block is ${state} and no other owner could give it`)
    this.#retry ??= { atMs: this.#parts.clock.monotonicMs() + retryDelayMs(0), rounds: 0, after: undefined }
    return { state, bytes: bytesRead }
  }

  /** `needless`: a writer brought the block meanwhile, or it went. */
  async #repair(hash: Uint8Array, signal: AbortSignal): Promise<'repaired' | 'needless' | 'failed'> {
    const bytes = await this.#parts.source.fetch(hash, signal)
    if (bytes === undefined) return 'failed'
    try {
      return (await this.#parts.blocks.repair(hash, bytes)) ? 'repaired' : 'needless'
    } catch (thrown) {
      // A full disk, say: the block stays damaged and is tried again; the others go on.
      const block = Buffer.from(hash).toString('hex')
      this.#parts.log.error({ block, err: TorcError.from(thrown) }, 'a damaged block can not be written')
      return 'failed'
    }
  }

  async #countRepair(): Promise<void> {
    this.#pass = countRepair(this.#pass)
    await this.#save()
  }

  async #save(): Promise<void> {
    const { commit, row, clock, log } = this.#parts
    const pass = this.#pass
    this.#savedAtMs = clock.monotonicMs()
    try {
      await commit.submit(() => row.save(pass))
    } catch (thrown) {
      // A full disk must not keep blocks from being checked; a restart then begins where it was last kept.
      log.debug({ err: thrown }, 'the position of the scrub can not be kept')
    }
  }
}
