import { createCipheriv, createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Cutter } from '@torc/protocol/cutting/cutter'
import { median } from '../measure/statistics.js'
import { serveWorker } from '../processes/worker.js'
import { candidates } from './candidates.js'

/** As large as the pieces that a body arrives in. */
const pieceBytes = 256 * 1024
const insertions = 16
/** So much that what follows has quite another place in its block. */
const largeInsertionBytes = 300_000

export interface Measurement {
  /** Bytes per second of processor time. */
  readonly rate: number
  /** The same of the SHA-256 that each block needs anyway. */
  readonly hashRate: number
  /** Of all blocks but the last, ascending. */
  readonly sizes: readonly number[]
  /** Share of the bytes in blocks that the unchanged input did not have, after each kind of change. */
  readonly renewed: readonly number[]
}

const commands = {
  /** One candidate on one input: a file, or so many random bytes (the same each time). */
  measure({ name, input, rounds }: { name: string; input: string | number; rounds: number }): Measurement {
    const make = candidates[name]
    if (make === undefined) throw new Error(`no candidate ${name}`)
    const bytes = typeof input === 'number' ? noise(input, 1) : readFileSync(input)
    const ends = endsOf(make(), bytes)
    const rate = rateOf(rounds, bytes, () => endsOf(make(), bytes))
    const hashRate = rateOf(rounds, bytes, () => createHash('sha256').update(bytes).digest())
    const sizes = ends.map((end, i) => end - (ends[i - 1] ?? 0)).slice(0, -1)
    const known = new Set(blocksOf(bytes, ends).map(({ hash }) => hash))
    const renewed = [
      inserted(bytes, 1, 100),
      shortened(bytes, 100),
      inserted(bytes, insertions, 100),
      inserted(bytes, insertions, largeInsertionBytes),
    ].map(changed => {
      let fresh = 0
      for (const { hash, size } of blocksOf(changed, endsOf(make(), changed))) {
        if (!known.has(hash)) fresh += size
      }
      return fresh / changed.length
    })
    return { rate, hashRate, sizes: sizes.sort((a, b) => a - b), renewed }
  },
}

export type CuttingWorker = typeof commands
serveWorker(commands)

function endsOf(cutter: Cutter, bytes: Uint8Array): number[] {
  const ends: number[] = []
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    const piece = bytes.subarray(start, start + pieceBytes)
    let from = 0
    for (;;) {
      const end = cutter.endOfBlock(piece, from)
      if (end === undefined) break
      ends.push(start + end)
      from = end
    }
  }
  if (bytes.length > (ends.at(-1) ?? 0)) ends.push(bytes.length)
  return ends
}

function blocksOf(bytes: Uint8Array, ends: readonly number[]): { hash: string; size: number }[] {
  return ends.map((end, i) => {
    const block = bytes.subarray(ends[i - 1] ?? 0, end)
    return { hash: createHash('sha256').update(block).digest('base64'), size: block.length }
  })
}

/** By processor time, which other programs on the machine change less. */
function rateOf(rounds: number, bytes: Uint8Array, run: () => unknown): number {
  const rates: number[] = []
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage()
    run()
    const { user, system } = process.cpuUsage(before)
    rates.push((bytes.length / Math.max(1, user + system)) * 1e6)
  }
  return median(rates)
}

function noise(size: number, seed: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(size))
}

/** So many random bytes each in places that lie evenly. */
function inserted(bytes: Uint8Array, count: number, size: number): Buffer {
  const parts: Uint8Array[] = []
  let from = 0
  for (let i = 1; i <= count; i++) {
    const at = Math.floor((i * bytes.length) / (count + 1))
    parts.push(bytes.subarray(from, at), noise(size, i + 1))
    from = at
  }
  return Buffer.concat([...parts, bytes.subarray(from)])
}

function shortened(bytes: Uint8Array, removed: number): Buffer {
  const middle = bytes.length >>> 1
  return Buffer.concat([bytes.subarray(0, middle), bytes.subarray(middle + removed)])
}
