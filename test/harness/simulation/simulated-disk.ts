import type { Disk, SqlDatabase } from '@torc/node-agent/disk/disk'
import type { MemoryDisk } from '@torc/node-agent/disk/memory-disk'
import type { SimulatedProcess } from './simulated-process.js'

export interface DiskDelay {
  readonly minMs: number
  readonly maxMs: number
}

/**
 * A disk as one life of a process sees it: what the memory disk does at once takes virtual time here, before (the
 * request waits) and after (it is done, the answer waits), so that a crash finds operations on both sides. The
 * medium itself outlives the process; its crash takes what was not durable (`MemoryDisk.crash`). SQLite runs inside
 * the event and takes no time.
 */
export class SimulatedDisk implements Disk {
  readonly name: string
  /** Change it to make the disk slow. */
  delay: DiskDelay
  readonly #medium: MemoryDisk
  readonly #process: SimulatedProcess

  constructor(medium: MemoryDisk, process: SimulatedProcess, delay: DiskDelay) {
    this.name = medium.name
    this.delay = delay
    this.#medium = medium
    this.#process = process
    process.onDeath(() => medium.crash())
  }

  lock(): Promise<void> {
    return this.#slowly(() => this.#medium.lock())
  }

  openDatabase(path: string): SqlDatabase {
    return this.#medium.openDatabase(path)
  }

  readFile(path: string, room?: (bytes: number) => Uint8Array): Promise<Uint8Array | undefined> {
    return this.#slowly(() => this.#medium.readFile(path, room))
  }

  writeFile(path: string, pieces: readonly Uint8Array[]): Promise<void> {
    return this.#slowly(() => this.#medium.writeFile(path, pieces))
  }

  fileSize(path: string): Promise<number | undefined> {
    return this.#slowly(() => this.#medium.fileSize(path))
  }

  deleteFile(path: string): Promise<boolean> {
    return this.#slowly(() => this.#medium.deleteFile(path))
  }

  /** Takes no time: an agent that starts lists hundreds of folders. */
  list(path: string): Promise<string[]> {
    return this.#medium.list(path)
  }

  makeFolders(paths: readonly string[]): Promise<void> {
    return this.#slowly(() => this.#medium.makeFolders(paths))
  }

  removeTemporaries(): Promise<number> {
    return this.#slowly(() => this.#medium.removeTemporaries())
  }

  freeBytes(): Promise<number> {
    return this.#slowly(() => this.#medium.freeBytes())
  }

  close(): Promise<void> {
    return this.#slowly(() => this.#medium.close())
  }

  async #slowly<T>(operation: () => Promise<T>): Promise<T> {
    await this.#wait()
    try {
      return await operation()
    } finally {
      await this.#wait()
    }
  }

  #wait(): Promise<void> {
    const { minMs, maxMs } = this.delay
    return this.#process.pause(minMs + this.#process.random.fraction() * (maxMs - minMs), 'disk')
  }
}
