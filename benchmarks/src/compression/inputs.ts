import { createCipheriv } from 'node:crypto'

function noise(bytes: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16)).update(Buffer.alloc(bytes))
}

/** Lines as a program logs them: fields that repeat, and in each line 12 random bytes as digits. */
function logLines(bytes: number): Buffer {
  const source = noise(Math.ceil(bytes / 8))
  const levels = ['info', 'info', 'info', 'debug', 'warn']
  const lines: string[] = []
  for (let at = 0, length = 0; length < bytes; at += 12) {
    const id = source.subarray(at, at + 12).toString('hex')
    const ms = source.readUInt16BE(at)
    const line = `{"time":${1_760_000_000_000 + length},"level":"${levels[ms % 5]}","request":"${id}","status":${ms % 9 === 0 ? 404 : 200},"ms":${ms % 997}}\n`
    lines.push(line)
    length += line.length
  }
  return Buffer.from(lines.join('')).subarray(0, bytes)
}

/** The same bytes each time. */
export const inputs: Readonly<Record<string, (bytes: number) => Uint8Array>> = {
  'lines of a log': logLines,
  'random bytes': noise,
}
