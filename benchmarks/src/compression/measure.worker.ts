import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  blockEncoding,
  decodeBlock,
  smallestForm,
  storedSizeOf,
} from '@torc/node-agent/blocks/block-encoding'
import { immediateCompressor } from '@torc/node-agent/blocks/immediate-compressor'
import { median } from '../measure/statistics.js'
import { serveWorker } from '../processes/worker.js'
import { candidates, chosen } from './candidates.js'
import { inputs } from './inputs.js'

/** As agents store it: each block by itself. */
const blockBytes = 1024 * 1024

export interface Measurement {
  /** Bytes of what is stored to bytes of the input. */
  readonly ratio: number
  /** Bytes of the input per second of processor time. */
  readonly compressRate: number
  readonly decompressRate: number
  /** The same of the SHA-256 that each block needs anyway. */
  readonly hashRate: number
}

const commands = {
  /** One candidate on one input: a file, or so many bytes of one that is made up. */
  async measure(task: {
    name: string
    input: { readonly file: string } | { readonly made: string; readonly bytes: number }
    rounds: number
  }): Promise<Measurement> {
    const { name, input, rounds } = task
    const bytes = 'file' in input ? readFileSync(input.file) : made(input.made, input.bytes)
    const blocks: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += blockBytes) blocks.push(bytes.subarray(at, at + blockBytes))
    const codec = codecOf(name)
    let stored: readonly Stored[] = []
    const compressRate = await rateOf(rounds, bytes.length, async () => {
      stored = await Promise.all(blocks.map(block => codec.store(block)))
    })
    const back: Uint8Array[] = []
    const decompressRate = await rateOf(rounds, bytes.length, async () => {
      for (const [i, one] of stored.entries()) back[i] = await one.restore()
    })
    if (!back.every((block, i) => Buffer.compare(block, blocks[i] ?? Buffer.of()) === 0))
      throw new Error(`${name} gave other bytes back`)
    const hashRate = await rateOf(rounds, bytes.length, async () => {
      for (const block of blocks) createHash('sha256').update(block).digest()
    })
    const storedBytes = stored.reduce((sum, { size }) => sum + size, 0)
    return { ratio: storedBytes / bytes.length, compressRate, decompressRate, hashRate }
  },
}

export type CompressionWorker = typeof commands
serveWorker(commands)

interface Stored {
  readonly size: number
  restore(): Promise<Uint8Array>
}

function codecOf(name: string): { store(block: Uint8Array): Promise<Stored> } {
  if (name === chosen) return { store: storeAsAgentsDo }
  const candidate = candidates[name]
  if (candidate === undefined) throw new Error(`no candidate ${name}`)
  return {
    async store(block) {
      const compressed = candidate.compress(block)
      return { size: compressed.length, restore: async () => candidate.decompress(compressed) }
    },
  }
}

/** With the production code, on this thread: processor time is the same on all. */
async function storeAsAgentsDo(block: Uint8Array): Promise<Stored> {
  const form = await smallestForm(immediateCompressor, [block], block.length)
  const file = form.encoding === blockEncoding.plain ? block : Buffer.concat(form.pieces)
  return {
    size: storedSizeOf(form),
    async restore() {
      const bytes = await decodeBlock(immediateCompressor, form.encoding, file, block.length)
      if (bytes === undefined) throw new Error('a block is lost')
      return bytes
    },
  }
}

function made(name: string, bytes: number): Uint8Array {
  const make = inputs[name]
  if (make === undefined) throw new Error(`no input ${name}`)
  return make(bytes)
}

/** By processor time, which other programs on the machine change less. */
async function rateOf(rounds: number, bytes: number, run: () => Promise<void>): Promise<number> {
  const rates: number[] = []
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage()
    await run()
    const { user, system } = process.cpuUsage(before)
    rates.push((bytes / Math.max(1, user + system)) * 1e6)
  }
  return median(rates)
}
