/** What a grant lets an access key do with a bucket. Each stands for itself: none includes another (decision 30). */
export const grants = ['read', 'write', 'owner'] as const
export type Grant = (typeof grants)[number]

/** In a grant: every bucket, also those that are made later. No bucket can have this name. */
export const allBuckets = '*'

interface Condition<F extends string> {
  /** Only where the request has this field. */
  readonly when?: F
  /** Only where it has not. */
  readonly unless?: F
}

/** One thing that an access key needs so that a request is served. `F`: names of the request's fields. */
export type Need<F extends string = string> =
  | ({ readonly needs: 'admin' } & Condition<F>)
  | ({
      /** `some`: any grant at all. */
      readonly needs: Grant | 'some'
      /** The field that names the bucket (a request without it needs nothing here), or `*`: all buckets. */
      readonly of: F | typeof allBuckets
      /** A key that may administer the cluster needs no such grant. */
      readonly orAdmin?: true
    } & Condition<F>)

/** All that a request of a user needs; nothing = any key that the cluster knows. */
export type Access<F extends string = string> = readonly Need<F>[]

export const anyKey = [] as const
export const administers = [{ needs: 'admin' }] as const
export const reads = [{ needs: 'read', of: 'bucket' }] as const
export const writes = [{ needs: 'write', of: 'bucket' }] as const
export const owns = [{ needs: 'owner', of: 'bucket' }] as const
export const copies = [...writes, { needs: 'read', of: 'sourceBucket' }] as const
/** The server's own files are an operator's affair, whatever the bucket. */
export const sharesPath = { needs: 'admin', when: 'shared' } as const

/** A need of one request. */
export type Requirement =
  | { readonly needs: 'admin' }
  | { readonly needs: Grant | 'some'; readonly bucket: string; readonly orAdmin: boolean }

/** What a request with this head needs. */
export function requirementsOf(access: Access, head: Readonly<Record<string, unknown>>): Requirement[] {
  const requirements: Requirement[] = []
  for (const need of access) {
    if (need.when !== undefined && head[need.when] === undefined) continue
    if (need.unless !== undefined && head[need.unless] !== undefined) continue
    if (need.needs === 'admin') {
      requirements.push(need)
      continue
    }
    const bucket = need.of === allBuckets ? allBuckets : head[need.of]
    if (typeof bucket === 'string')
      requirements.push({ needs: need.needs, bucket, orAdmin: need.orAdmin === true })
  }
  return requirements
}

/** As `docs/PROTOCOL.md` says it. */
export function accessText(access: Access): string {
  if (access.length === 0) return 'any access key'
  return access
    .map(need => {
      const condition =
        (need.when === undefined ? '' : ` where there is \`${need.when}\``) +
        (need.unless === undefined ? '' : ` where there is no \`${need.unless}\``)
      if (need.needs === 'admin') return `\`admin\`${condition}`
      const grant = need.needs === 'some' ? 'any grant' : `\`${need.needs}\``
      const bucket = need.of === allBuckets ? 'all buckets' : `\`${need.of}\``
      return `${grant} on ${bucket}${need.orAdmin === true ? ' or `admin`' : ''}${condition}`
    })
    .join(', ')
}
