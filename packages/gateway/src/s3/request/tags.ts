import { S3Error } from '../errors/s3-error.js'
import { childrenOf, malformed, neededText, type ReadElement } from '../xml/xml-reader.js'
import { decodeUri } from './target.js'

export type Tags = Readonly<Record<string, string>>

export const objectTagsMax = 10
export const bucketTagsMax = 50
/** Characters of a name and of a value. */
const nameCharactersMax = 128
const valueCharactersMax = 256

/** Tags as the header `x-amz-tagging` holds them: parameters of a query. */
export function readTaggingHeader(header: string | undefined): Tags | undefined {
  if (header === undefined) return undefined
  const pairs = header
    .split('&')
    .filter(pair => pair !== '')
    .map(pair => {
      const equals = pair.indexOf('=')
      const name = equals < 0 ? pair : pair.slice(0, equals)
      const value = equals < 0 ? '' : pair.slice(equals + 1)
      return [decode(name), decode(value)] as const
    })
  return checkedTags(pairs, objectTagsMax)
}

/** Tags as a document `Tagging` holds them. */
export function readTagging(document: ReadElement, tagsMax: number): Tags {
  const [set, ...others] = childrenOf(document, 'TagSet')
  if (set === undefined || others.length > 0) throw malformed('Tagging needs one TagSet.')
  const pairs = childrenOf(set, 'Tag').map(tag => [neededText(tag, 'Key'), neededText(tag, 'Value')] as const)
  return checkedTags(pairs, tagsMax)
}

function checkedTags(pairs: readonly (readonly [string, string])[], tagsMax: number): Tags {
  if (pairs.length > tagsMax)
    throw new S3Error('InvalidTag', { message: `There may be ${tagsMax} tags at most.` })
  const tags = new Map<string, string>()
  for (const [name, value] of pairs) {
    if (name.length === 0 || name.length > nameCharactersMax || name.startsWith('aws:'))
      throw new S3Error('InvalidTag', { message: 'The TagKey you have provided is invalid' })
    if (value.length > valueCharactersMax)
      throw new S3Error('InvalidTag', { message: 'The TagValue you have provided is invalid' })
    if (tags.has(name))
      throw new S3Error('InvalidTag', { message: 'Cannot provide multiple Tags with the same key' })
    tags.set(name, value)
  }
  return Object.fromEntries(tags)
}

function decode(text: string): string {
  try {
    return decodeUri(text.replaceAll('+', ' '))
  } catch (thrown) {
    throw new S3Error('InvalidTag', { message: 'x-amz-tagging is not URL-encoded', cause: thrown })
  }
}
