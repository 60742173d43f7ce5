import { readFileSync } from 'node:fs'

// The compiled file lies in packages/protocol/build/test/support.
const root = new URL('../../../../../', import.meta.url)

/** A file of the repository, by its path from the root. */
export function repositoryFile(path: string): URL {
  return new URL(path, root)
}

/** Golden vectors: bytes that were made by hand, or by an encoder that shares nothing with this one. */
export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(repositoryFile(`test/interop/vectors/${name}.json`), 'utf8')) as T
}

/** `{bytes: hex}` in a vector stands for bytes. */
export function fromVector(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromVector)
  if (typeof value !== 'object' || value === null) return value
  const { bytes } = value as { bytes?: unknown }
  if (typeof bytes === 'string') return Buffer.from(bytes, 'hex')
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromVector(item)]))
}
