import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const chunkBytes = [2 ** 20, 4096, 1] as const

/** A small file system of its own, in memory, that can be filled up. Only some users may make one. */
export class SmallDisk {
  readonly path: string
  readonly #ballast: string

  private constructor(path: string) {
    this.path = path
    this.#ballast = join(path, 'ballast')
  }

  /** Mounts one; or says why that is not permitted. */
  static mount(path: string, bytes: number): SmallDisk | string {
    mkdirSync(path)
    const { status, stderr, error } = spawnSync('mount', [
      '-t',
      'tmpfs',
      '-o',
      `size=${bytes}`,
      'tmpfs',
      path,
    ])
    if (error !== undefined) return error.message
    if (status !== 0) return String(stderr).trim()
    const disk = new SmallDisk(path)
    // Before the hook that removes the folder around it.
    process.prependOnceListener('exit', disk.unmount)
    return disk
  }

  /** Takes all room that is left; again, where some was freed meanwhile. */
  fill(): void {
    const file = openSync(this.#ballast, 'a')
    try {
      for (const bytes of chunkBytes) writeUntilFull(file, Buffer.alloc(bytes))
    } finally {
      closeSync(file)
    }
  }

  makeRoom(): void {
    rmSync(this.#ballast, { force: true })
  }

  readonly unmount = (): void => {
    process.off('exit', this.unmount)
    spawnSync('umount', [this.path])
  }
}

function writeUntilFull(file: number, chunk: Uint8Array): void {
  for (;;) {
    try {
      if (writeSync(file, chunk) === 0) return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return
      throw error
    }
  }
}
