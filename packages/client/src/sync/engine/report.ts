import type { Problem, Step } from '../plan/step.js'

/** What a run of passes did, and what it left. */
export interface SyncReport {
  readonly uploaded: number
  readonly downloaded: number
  readonly removedLocally: number
  readonly removedRemotely: number
  /** Files and links that are synced now. */
  readonly files: number
  /** Names that both sides had alike. */
  readonly adopted: number
  /** Conflict copies that were made. */
  readonly conflicts: readonly { readonly name: string; readonly conflictName: string }[]
  /** Names that can't be synced as they are. */
  readonly problems: readonly Problem[]
  /** Names that were not brought level, and why. */
  readonly left: readonly Problem[]
}

/** Told as it happens, for people. */
export interface SyncObserver {
  onStep?(step: Step): void
  /** Names found on either side while both are read. */
  onFound?(names: number): void
  /** The feed told of changes in the store, of so many names. */
  onChanges?(names: number): void
  /** Steps of a pass, as it begins. */
  onPlan?(steps: readonly Step[]): void
  onBytes?(bytes: number): void
  onConflict?(name: string, conflictName: string): void
}

export class Tally {
  uploaded = 0
  downloaded = 0
  removedLocally = 0
  removedRemotely = 0
  adopted = 0

  count({ does }: Step): void {
    if (does === 'upload') this.uploaded++
    else if (does === 'download' || does === 'makeFolder') this.downloaded++
    else if (does === 'removeLocal') this.removedLocally++
    else if (does === 'removeRemote') this.removedRemotely++
    else if (does === 'adopt') this.adopted++
  }
}
