import { createCipheriv, createHash } from 'node:crypto'

/*
 * Texts that stand for many bytes: `large OWN BYTES` is the first line of a body of that size whose other bytes follow from
 * that line. Half of one, or one half of two, is no text that anybody wrote.
 */

const form = /^large .* (\d+)$/
const headMax = 100
const newline = 10

export function largeText(own: string, bytes: number): string {
  return `large ${own} ${bytes}`
}

export function bytesOfText(text: string): Buffer {
  const [, size] = form.exec(text) ?? []
  if (size === undefined) return Buffer.from(text)
  const key = createHash('sha256').update(text).digest().subarray(0, 16)
  const head = Buffer.from(`${text}\n`)
  const rest = Buffer.alloc(Math.max(0, Number(size) - head.length))
  return Buffer.concat([head, createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(rest)])
}

/** The text that the bytes stand for; what is no such body as a whole is told in a text that nobody writes. */
export function textOfBytes(bytes: Buffer): string {
  const end = bytes.subarray(0, headMax).indexOf(newline)
  const head = bytes.subarray(0, Math.max(0, end)).toString()
  if (!form.test(head)) return bytes.length > headMax ? `${bytes.length} unknown bytes` : bytes.toString()
  return bytesOfText(head).equals(bytes) ? head : `${bytes.length} bytes of "${head}"`
}

export function sha256Of(text: string): string {
  return createHash('sha256').update(bytesOfText(text)).digest('hex')
}
