import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import { type Folder, folderOf, folderOfBuckets } from '../folders/folder.js'
import { folderPage, pagePolicy } from '../folders/folder-page.js'
import type { RestAnswer, RestCall } from '../rest-call.js'
import { numberOf, textOf } from './query.js'
import { readObject } from './read-object.js'

export async function browseBuckets(call: RestCall): Promise<RestAnswer> {
  const { store, signal } = call
  return shown(call, folderOfBuckets(await store.buckets({ signal })))
}

/** A path that ends in `/` is a folder; any other is an object, or where there is none the folder of that name. */
export async function browse(call: RestCall): Promise<RestAnswer> {
  const { key } = call
  if (key === '' || key.endsWith('/')) return await browseFolder(call, key, undefined)
  try {
    return await readObject(call)
  } catch (thrown) {
    const error = TorcError.from(thrown)
    if (error.code !== 'KEY_NOT_FOUND' || textOf(call.query, 'versionId') !== undefined) throw error
    return await browseFolder(call, `${key}/`, error)
  }
}

/** `missing`: what is thrown where the folder is empty; a bucket may be. */
async function browseFolder(
  call: RestCall,
  prefix: string,
  missing: TorcError | undefined,
): Promise<RestAnswer> {
  const { store, bucket, query, signal } = call
  const token = textOf(query, 'token')
  const limit = numberOf(query, 'limit', 1, limits.listLimitMax)
  const page = await store.listPage(bucket, 'keys', { prefix, delimiter: '/', limit, token, signal })
  if (prefix !== '' && page.entries.length === 0 && token === undefined) {
    throw (
      missing ??
      new TorcError('KEY_NOT_FOUND', `there is no folder ${bucket}/${prefix}`, {
        hint: 'A folder is there while a key begins with its name.',
      })
    )
  }
  return shown(call, folderOf(bucket, prefix, page))
}

function shown({ request }: RestCall, folder: Folder): RestAnswer {
  const headers = { vary: 'accept', 'cache-control': 'private, no-cache' }
  if (wantsPage(request.headers.accept)) {
    return {
      status: 200,
      headers: {
        ...headers,
        'content-security-policy': pagePolicy,
        'referrer-policy': 'same-origin',
      },
      text: folderPage(folder),
      contentType: 'text/html; charset=utf-8',
    }
  }
  const { bucket, prefix, entries, token } = folder
  const folders = entries.flatMap(({ name, path, file }) => (file === undefined ? [{ name, path }] : []))
  const files = entries.flatMap(({ name, path, file }) =>
    file === undefined ? [] : [{ name, path, ...file }],
  )
  const where = bucket === undefined ? {} : { bucket, prefix }
  return { status: 200, headers, json: { success: true, ...where, folders, files, token: token ?? null } }
}

/** Browsers name `text/html`; programs take anything. */
function wantsPage(accept: string | undefined): boolean {
  return accept?.split(',').some(range => /^\s*text\/html\s*(?:;|$)/i.test(range)) === true
}
