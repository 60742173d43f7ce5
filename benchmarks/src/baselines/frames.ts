import type { Socket } from 'node:net'
import { Packr, Unpackr } from 'msgpackr'

/** The codec of the echo baseline: `u32` length, then a MessagePack array. Plain, and as fast as it can simply be. */
const options = { useRecords: false, variableMapSize: true } as const
const packr = new Packr(options)
const unpackr = new Unpackr(options)
const lengthBytes = 4

/** Collects the frames of one event-loop turn and sends them with one write. */
export class FrameWriter {
  readonly #socket: Socket
  #pieces: Uint8Array[] = []

  constructor(socket: Socket) {
    this.#socket = socket
  }

  push(frame: readonly unknown[]): void {
    const packed = packr.pack(frame)
    const length = Buffer.allocUnsafe(lengthBytes)
    length.writeUInt32BE(packed.length)
    this.#pieces.push(length, packed)
  }

  flush(): void {
    if (this.#pieces.length === 0) return
    this.#socket.write(Buffer.concat(this.#pieces))
    this.#pieces = []
  }
}

/** Calls `onFrame` for each frame of a socket, then `onTurn` once for each chunk that arrived. */
export function readFrames(
  socket: Socket,
  onFrame: (frame: readonly unknown[]) => void,
  onTurn: () => void,
): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let position = 0
    while (data.length - position >= lengthBytes) {
      const end = position + lengthBytes + data.readUInt32BE(position)
      if (end > data.length) break
      onFrame(unpackr.unpack(data.subarray(position + lengthBytes, end)) as readonly unknown[])
      position = end
    }
    rest = data.subarray(position)
    onTurn()
  })
}
