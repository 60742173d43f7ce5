import type {} from '@torc/protocol/store/object-store'

/** What the store is about to say of buckets and versions; goes with the commit that brings it. */
declare module '@torc/protocol/store/object-store' {
  interface BucketOptions {
    readonly versioning?: 'unversioned' | 'enabled' | 'suspended' | undefined
    readonly publicRead?: boolean | undefined
    readonly tags?: Readonly<Record<string, string>> | undefined
  }
  interface BucketInfo {
    readonly versioning: 'unversioned' | 'enabled' | 'suspended'
    readonly publicRead: boolean
    readonly tags: Readonly<Record<string, string>>
  }
  interface VersionInfo {
    readonly isNull: boolean
  }
  interface HistoryEntry {
    readonly isNull: boolean
  }
  interface PutOptions {
    readonly tags?: Readonly<Record<string, string>> | undefined
  }
  interface CopyOptions {
    readonly tags?: Readonly<Record<string, string>> | undefined
  }
}
