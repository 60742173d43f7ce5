import type {} from '@torc/protocol/store/object-store'

/** What the store is about to say of versions; goes with the commit that brings it. */
declare module '@torc/protocol/store/object-store' {
  interface VersionInfo {
    readonly isNull: boolean
  }
  interface HistoryEntry {
    readonly isNull: boolean
  }
}
