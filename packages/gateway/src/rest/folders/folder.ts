import type { ListedBucket, ListPage } from '@torc/protocol/store/object-store'

export interface FolderEntry {
  /** The last part of the key or prefix. */
  readonly name: string
  /** Path of the gateway that leads there, encoded. */
  readonly path: string
  /** Undefined of a folder. */
  readonly file:
    | {
        readonly key: string
        readonly size: number
        readonly createdAt: Date
        readonly etag: string
        readonly versionId: string
      }
    | undefined
}

/** What lies in a folder, as people see it: folders are the common prefixes of keys. */
export interface Folder {
  /** Undefined of the list of buckets. */
  readonly bucket: string | undefined
  /** Empty, or with a `/` at its end. */
  readonly prefix: string
  readonly entries: readonly FolderEntry[]
  /** Where the next page begins. */
  readonly token: string | undefined
}

export function folderOf(bucket: string, prefix: string, { entries, token }: ListPage): Folder {
  return {
    ...{ bucket, prefix, token },
    entries: entries.flatMap((entry): FolderEntry[] => {
      if ('prefix' in entry)
        return [
          { name: entry.prefix.slice(prefix.length), path: pathOf(bucket, entry.prefix), file: undefined },
        ]
      const { key, size, createdAt, etag, versionId } = entry
      // A key that is the folder itself (other tools make such) is no entry of it.
      if (key === prefix) return []
      const file = { key, size, createdAt, etag, versionId }
      return [{ name: key.slice(prefix.length), path: pathOf(bucket, key), file }]
    }),
  }
}

export function folderOfBuckets(buckets: readonly Pick<ListedBucket, 'bucket'>[]): Folder {
  const entries = buckets.map(({ bucket }) => ({
    name: `${bucket}/`,
    path: pathOf(bucket, ''),
    file: undefined,
  }))
  return { bucket: undefined, prefix: '', entries, token: undefined }
}

/** Where the gateway shows a folder or an object; each part is encoded, so that no key leads elsewhere. */
export function pathOf(bucket: string, key: string): string {
  return `/files/${encodeURIComponent(bucket)}/${key.split('/').map(encodePart).join('/')}`
}

/** Browsers would take `.` and `..` for steps even where they are encoded: those keys are reached by `/buckets/`. */
function encodePart(part: string): string {
  return encodeURIComponent(Buffer.from(part).toString())
}
