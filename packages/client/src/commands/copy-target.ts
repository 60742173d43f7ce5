import { TorcError } from '@torc/protocol/errors'
import { parseObjectTarget, parseTarget, type Target } from './target.js'

/** What is copied. */
export function parseSource(written: string): Target {
  return withinCluster(written, () => parseObjectTarget(written))
}

/** Where it goes: a bucket alone, or a name that ends with `/`, takes the last part of the source's key. */
export function parseDestination(written: string, source: Target): Target {
  return withinCluster(written, () => {
    const { bucket, key } = parseTarget(written)
    if (key !== '' && !key.endsWith('/')) return parseObjectTarget(written)
    const last = source.key.slice(source.key.lastIndexOf('/', source.key.length - 2) + 1)
    return parseObjectTarget(`${bucket}/${key}${last}`)
  })
}

/** A name that is none may be meant as a local path: what to use for those is said then. */
function withinCluster(written: string, parse: () => Target): Target {
  try {
    return parse()
  } catch (thrown) {
    const error = TorcError.from(thrown)
    if (error.code !== 'BAD_REQUEST') throw error
    throw new TorcError('BAD_REQUEST', `${JSON.stringify(written.slice(0, 200))}: ${error.message}`, {
      cause: error,
      hint: 'Both names are BUCKET/KEY. For local files: `put BUCKET/KEY FILE` stores one, `get BUCKET/KEY FILE` writes one.',
    })
  }
}
