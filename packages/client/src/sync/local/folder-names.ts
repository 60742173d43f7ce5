import { readdir } from 'node:fs/promises'

export interface FolderNames {
  readonly names: readonly string[]
  /** Those that are no UTF-8, as they are on disk. */
  readonly notText: readonly Buffer[]
}

/** What the decoder puts where bytes are no UTF-8; a name can also have it by itself. */
const replacement = '\ufffd'

/** What is in a folder. Names are read as bytes only where the text shows that some may not be UTF-8. */
export async function namesIn(path: string): Promise<FolderNames> {
  const names = await readdir(path)
  if (!names.some(name => name.includes(replacement))) return { names, notText: [] }
  const all = (await readdir(path, { encoding: 'buffer' })).map(bytes => ({ bytes, text: bytes.toString() }))
  const isText = ({ bytes, text }: (typeof all)[number]): boolean => Buffer.from(text).equals(bytes)
  return {
    names: all.filter(isText).map(({ text }) => text),
    notText: all.filter(name => !isText(name)).map(({ bytes }) => bytes),
  }
}
