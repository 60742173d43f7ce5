import { randomFillSync } from 'node:crypto'
import { closeSync, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs'
import type { Sample } from '../measure/side.js'
import { serveWorker } from '../processes/worker.js'

/**
 * Random bytes to stable storage, once per replica, the fastest way there is: one file for all copies, written in
 * pieces of 1 MiB and synced once at the end. (A file and an fsync per piece would be nearer to what a block store
 * does, but its cost would then hide in the baseline.)
 */
const writeBytes = 1024 * 1024
let data: Buffer | undefined

const commands = {
  run({ file, bytes, copies }: { file: string; bytes: number; copies: number }): Sample {
    if (data?.length !== bytes) data = Buffer.alloc(bytes)
    randomFillSync(data)
    const startedMs = performance.now()
    const descriptor = openSync(file, 'wx')
    try {
      for (let copy = 0; copy < copies; copy++) {
        for (let position = 0; position < bytes; position += writeBytes) {
          writeSync(descriptor, data, position, Math.min(writeBytes, bytes - position))
        }
      }
      fsyncSync(descriptor)
      return { units: bytes, elapsedMs: performance.now() - startedMs }
    } finally {
      closeSync(descriptor)
      unlinkSync(file)
    }
  },
}

export type FileWriteWorker = typeof commands
serveWorker(commands)
