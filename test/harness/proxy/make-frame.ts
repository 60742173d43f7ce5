import { Packr } from 'msgpackr'

const packr = new Packr({ useRecords: false, variableMapSize: true })

/** A frame as a peer would send it, for tests that speak to a socket by hand. */
export function makeFrame(type: number, stream: number, head: object, body?: Uint8Array): Uint8Array {
  const content = packr.pack(body === undefined ? [type, stream, head] : [type, stream, head, body])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  return Buffer.concat([length, content])
}
