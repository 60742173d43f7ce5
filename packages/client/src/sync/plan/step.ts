import type { Fingerprint, LocalEntry, RemoteEntry, RemoteHead, SyncedEntry } from '../trees/entry.js'

/** What a pass does for one name. Every step carries what it was planned for: where that is not so any more, nothing happens. */
export type Step =
  /** Our side goes to the store, as a new version under `context` (`''`: covers nothing). */
  | {
      readonly does: 'upload'
      readonly name: string
      readonly local: LocalEntry
      readonly context: string
      /** A version that has the same bytes: the store copies it. A hint: where it is gone, the bytes are sent. */
      readonly from?: { readonly name: string; readonly versionId: string } | undefined
      readonly why: Cause
    }
  /** The store's version comes here. */
  | {
      readonly does: 'download'
      readonly name: string
      readonly head: RemoteHead
      readonly context: string
      /** What it replaces here; undefined: nothing is there. */
      readonly expected: Fingerprint | undefined
      /** A local name with the same bytes: they are copied here. A hint: where it has changed or gone, the store's are read. */
      readonly from?: { readonly name: string; readonly fingerprint: Fingerprint } | undefined
      readonly why: Cause
    }
  /** The folder is made here; `head` is undefined where it is implied. */
  | {
      readonly does: 'makeFolder'
      readonly name: string
      readonly head: RemoteHead | undefined
      readonly context: string
      readonly why: Cause
    }
  | {
      readonly does: 'removeLocal'
      readonly name: string
      readonly expected: Fingerprint
      readonly why: Cause
    }
  /** A delete marker that covers what was synced. */
  | {
      readonly does: 'removeRemote'
      readonly name: string
      readonly context: string
      readonly why: Cause
    }
  /** Both sides have the same content: only the journal learns it. */
  | {
      readonly does: 'adopt'
      readonly name: string
      readonly synced: SyncedEntry
      readonly why: Cause
    }
  /** Neither side has it any more: the journal forgets it. */
  | { readonly does: 'forget'; readonly name: string; readonly why: Cause }
  /**
   * Heads that differ (or a marker beside an object): each loser is copied to its conflict name, then the winner onto its own
   * key under `remote.context`. The pass after that sees one head.
   */
  | {
      readonly does: 'resolve'
      readonly name: string
      readonly remote: RemoteEntry
      readonly winner: RemoteHead
      readonly losers: readonly { readonly head: RemoteHead; readonly conflictName: string }[]
      readonly why: Cause
    }
  /** A file in the store under a name that a folder there has too: it is copied to its conflict name, then removed under its own. */
  | {
      readonly does: 'giveWay'
      readonly name: string
      readonly remote: RemoteEntry
      readonly losers: readonly { readonly head: RemoteHead; readonly conflictName: string }[]
      readonly why: Cause
    }

/** Why: a line of the table in docs/SYNC.md. */
export type Cause = string

/** A name that is not synced, and what to do about it. */
export interface Problem {
  readonly name: string
  readonly message: string
  readonly hint: string
}

export interface Plan {
  /** In the order in which they are carried out. */
  readonly steps: readonly Step[]
  /** Names for which something has to make room first, here or for a twin: to be planned again in the next pass. */
  readonly waiting: readonly string[]
  readonly problems: readonly Problem[]
}
