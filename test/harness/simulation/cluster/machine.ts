import { blockFolders } from '@torc/node-agent/data-directory/data-directory'
import { MemoryDisk } from '@torc/node-agent/disk/memory-disk'
import type { Scheduler } from '../scheduler.js'
import type { SeededRandom } from '../seeded-random.js'
import { type DiskDelay, SimulatedDisk } from '../simulated-disk.js'
import { type ClockSkew, type SimulatedProcess, usualTurnMs } from '../simulated-process.js'

/** What production code gives back for a node that runs. */
export interface RunningNode {
  readonly id: string
  close(): Promise<void>
}

export interface MachineOptions {
  readonly name: string
  readonly scheduler: Scheduler
  /** Whether it is an agent's; servers keep nothing. */
  readonly hasDisk: boolean
  readonly clockSkewMs: number
}

const usualDiskDelay: DiskDelay = { minMs: 0.02, maxMs: 0.4 }
/** Longest turn of a process that waits for commits on a slow disk. */
const slowTurnMs = 40

/** What outlives a node's processes (disk, clock), the process that runs on it, and what can go wrong with them. */
export class Machine {
  readonly name: string
  readonly skew: ClockSkew
  readonly #scheduler: Scheduler
  #disk: MemoryDisk | undefined
  #copy: MemoryDisk | undefined
  #diskDelay = usualDiskDelay
  /** Its disk as the process that runs sees it. */
  #data: SimulatedDisk | undefined
  #process: SimulatedProcess | undefined
  #lives = 0
  #node: RunningNode | undefined
  #nodeId: string | undefined

  constructor({ name, scheduler, hasDisk, clockSkewMs }: MachineOptions) {
    this.name = name
    this.skew = { ms: clockSkewMs }
    this.#scheduler = scheduler
    if (hasDisk) this.#disk = new MemoryDisk(name)
  }

  /** Undefined on a server's. */
  get disk(): MemoryDisk | undefined {
    return this.#disk
  }

  get copy(): MemoryDisk | undefined {
    return this.#copy
  }

  /** Undefined while none runs, or it is still starting. */
  get node(): RunningNode | undefined {
    return this.#node
  }

  /** Of the node that ran here last. */
  get nodeId(): string | undefined {
    return this.#nodeId
  }

  get isTaken(): boolean {
    return this.#process !== undefined
  }

  /** Of the process that is started next. */
  nextLife(): number {
    return ++this.#lives
  }

  /** Runs a node; its death ends the wait. */
  async run(
    process: SimulatedProcess,
    start: (data: SimulatedDisk | undefined) => Promise<RunningNode>,
  ): Promise<void> {
    this.#process = process
    const died = new Promise<undefined>(resolve => process.onDeath(() => resolve(undefined)))
    this.#data = this.#disk && new SimulatedDisk(this.#disk, process, this.#diskDelay)
    this.#slowDown()
    const node = await Promise.race([start(this.#data), died])
    if (node === undefined || this.#process !== process) return
    this.#node = node
    this.#nodeId = node.id
  }

  crash(): void {
    this.#process?.kill()
    this.#process = undefined
    this.#node = undefined
    this.#data = undefined
  }

  /** Crashes it when so many more things have happened in its process: likely in the middle of something. */
  crashAfterSteps(steps: number): void {
    this.#process?.afterSteps(steps, () => this.crash())
  }

  /** As SIGSTOP does, until the returned function is called. */
  stopProcess(): () => void {
    const process = this.#process
    process?.stop()
    return () => process?.resume()
  }

  /** Its wall clock is off by so much more until the returned function is called. */
  jumpClock(ms: number): () => void {
    this.#scheduler.record(`${this.name} clock ${ms}`)
    this.skew.ms += ms
    return () => {
      this.skew.ms -= ms
    }
  }

  slowDisk(delay: DiskDelay): () => void {
    const set = (next: DiskDelay): void => {
      this.#diskDelay = next
      this.#slowDown()
    }
    set(delay)
    return () => set(usualDiskDelay)
  }

  /** Files, and commits: these hold up the process that waits for them. */
  #slowDown(): void {
    if (this.#data !== undefined) this.#data.delay = this.#diskDelay
    if (this.#process !== undefined)
      this.#process.turnMsMax = this.#diskDelay === usualDiskDelay ? usualTurnMs : slowTurnMs
  }

  fillDisk(freeBytes: number): () => void {
    const disk = this.#disk
    disk?.setFreeBytes(freeBytes)
    return () => disk?.setFreeBytes(Number.POSITIVE_INFINITY)
  }

  /** Changes a bit of a block's file; false where there is none. */
  async rotBlock(random: SeededRandom): Promise<boolean> {
    const disk = this.#disk
    if (disk === undefined) return false
    const paths: string[] = []
    for (const folder of blockFolders())
      for (const file of await disk.list(folder)) paths.push(`${folder}/${file}`)
    if (paths.length === 0) return false
    const path = random.pick(paths)
    this.#scheduler.record(`${this.name} ${path} rots`)
    disk.damage(path, bytes => {
      const at = random.integer(0, Math.max(0, bytes.length - 1))
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 7))
      return bytes
    })
    return true
  }

  /** Takes what it has stored. */
  loseDisk(): void {
    this.#disk = new MemoryDisk(this.name)
  }

  /** Keeps what it has stored, as a backup does. */
  copyDisk(): void {
    this.#copy = this.#disk?.copy()
  }

  /** Crashes it and puts the copy back. */
  restoreDisk(): void {
    this.crash()
    this.#disk = this.#copy
  }
}
