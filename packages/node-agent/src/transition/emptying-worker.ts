import type { Worker, WorkerOutcome } from '@torc/cluster/worker/worker'
import type { Log } from '@torc/protocol/environment/log'
import type { BallotRows } from '../consensus/ballot-rows.js'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { Hints } from '../hints/hints.js'
import type { GroupCommit } from '../index/group-commit.js'
import type { KeyIndex } from '../index/key-index.js'
import type { KeyName } from '../index/key-writer.js'
import type { AgentLayout } from '../layout/agent-layout.js'

export interface EmptyingParts {
  readonly database: SqlDatabase
  readonly layout: AgentLayout
  readonly index: KeyIndex
  readonly hints: Hints
  readonly ballots: Pick<BallotRows, 'dropSome'>
  readonly commit: GroupCommit
  readonly log: Log
}

const rowsAtOnce = 128

/**
 * Empties the index of an agent that a layout takes in anew: its disk proved to be an old copy, or it had been given up.
 * What it has was lost by everybody's count, and others may have removed it for good since, so that it must neither be
 * read nor hand anything over; its votes and hints are of before, too. Blocks stay: they are what their hashes say, and
 * audits end what refers to them. Only then it takes part, and takes over all that it owns.
 */
export class EmptyingWorker implements Worker {
  readonly name = 'emptying'
  readonly #parts: EmptyingParts
  readonly #keys: SqlStatement
  #forgotten = 0

  constructor(parts: EmptyingParts) {
    this.#parts = parts
    this.#keys = parts.database.prepare(
      'SELECT id AS keyId, bucket AS bucketId, key, partition FROM keys ORDER BY id LIMIT ?',
    )
  }

  async step(_signal: AbortSignal): Promise<WorkerOutcome> {
    const { layout, commit, log } = this.#parts
    if (!layout.mustForget) return 'idle'
    if (await commit.submit(() => this.#hints() || this.#rows())) return 'busy'
    await commit.submit(() => {
      if (layout.mustForget) layout.rejoin()
    })
    log.info(
      { epoch: layout.number, keys: this.#forgotten },
      'what was on the disk is forgotten; takes part anew',
    )
    return 'busy'
  }

  progress(): string {
    return `${this.#forgotten} keys of an old copy were forgotten since the start`
  }

  /** Whether there were any hints. */
  #hints(): boolean {
    const { hints } = this.#parts
    let found = false
    for (const target of hints.counts.targets()) {
      const keys = hints.keys.next(target, 0, rowsAtOnce)
      for (const hint of keys) hints.keys.remove(target, hint)
      const blocks = hints.blocks.next(target, 0, rowsAtOnce)
      hints.blocks.delivered(blocks)
      found ||= keys.length > 0 || blocks.length > 0
    }
    return found
  }

  /** Whether there were any keys or votes. */
  #rows(): boolean {
    const { index, hints, ballots } = this.#parts
    const keys = this.#keys.all(rowsAtOnce) as (KeyName & { readonly keyId: number })[]
    for (const { keyId, ...name } of keys) {
      hints.delivered.remove(keyId)
      const known = index.find(name.bucketId, name.key)
      if (known !== undefined) index.drop(name, known)
    }
    this.#forgotten += keys.length
    return ballots.dropSome(rowsAtOnce) || keys.length > 0
  }
}
