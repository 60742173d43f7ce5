/** One change of a key's versions. Keys have one writer each, which writes one after the other. */
export interface Write {
  /** `purge` removes what it covers; the others add a version. */
  readonly kind: 'put' | 'marker' | 'purge'
  readonly key: string
  /** 1 for the first write of the key. */
  readonly number: number
  /** Empty where no object is added. */
  readonly body: Uint8Array
  /** Numbers of the writes that it covers at least, and at most: what its context must and may name. */
  must: ReadonlySet<number>
  readonly may: ReadonlySet<number>
  /** Written without a context: an attempt that comes late covers what its minter holds then. */
  readonly plain: boolean
  /** A purge of one version by its id uncovers what that version covered. */
  readonly uncovers: boolean
  outcome: 'open' | 'acknowledged' | 'indeterminate' | 'refused'
  /** Known once acknowledged. */
  versionId: string | undefined
  /** Of one that was not acknowledged: its version, once a read has shown it. */
  shownId: string | undefined
  /** Of an acknowledged PUT; undefined where the answer does not tell. */
  createdAtMs: number | undefined
  /**
   * Wall-clock time of the acknowledgement, where a fault may have made it be tried more than once. Whoever tried
   * again may not have reached the agent that the first attempt had reached, or was about to reach: two dots of one
   * write, of which those who saw the acknowledged one do not cover the other (DESIGN §4).
   */
  twinsUntilMs: number | undefined
  /** What its tag was set to, one after the other. */
  readonly tags: Tag[]
}

export interface Tag {
  readonly value: string
  acknowledged: boolean
}

/** What a context token covers: see `Write`. */
export interface Seen {
  readonly must: ReadonlySet<number>
  readonly may: ReadonlySet<number>
}

/** A version on an agent. */
export interface Minted {
  readonly id: string
  /** By the minter's hybrid clock. */
  readonly atMs: number
}

/** A read's answer. */
export interface Shown {
  /** Ids of the heads, the latest first; none where the key is not there. */
  readonly heads: readonly string[]
  /** Of the latest head; undefined where it is a delete marker or there is none. */
  readonly body: Uint8Array | undefined
  /** All that may know something newer were asked, as the answer says. */
  readonly isWhole?: boolean
}

/** A rule that was broken; the simulation adds the seed. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

/** Attempts of one write that may each have left a version. */
const attemptsMax = 3

/**
 * The oracle: what was written, what was acknowledged, and therefore what a read must and must not show (DESIGN §13:
 * heads are the acknowledged writes that nothing covers, and indeterminate ones). Each body begins with its key and
 * number, so that a read tells which write it shows.
 */
export class History {
  readonly #writes = new Map<string, Write[]>()
  readonly #keeps: (key: string) => number
  readonly #sloppy: boolean
  readonly #knowsHolders: boolean
  #lateHeads = 0
  #twins = 0

  /**
   * `keeps`: how many versions of a key its retention policy leaves at least. `sloppy`: agents stand in for owners that
   * are down. Then a read is right at last, not at once, and what a write covers is known only of what its writer
   * named (DESIGN §7: what it does not cover stays beside it). `knowsHolders`: there is one server, which knows at once
   * where it left hints, so that an answer that it does not call degraded is right at once as well.
   */
  constructor(
    keeps: (key: string) => number = () => Number.POSITIVE_INFINITY,
    sloppy = false,
    knowsHolders = false,
  ) {
    this.#keeps = keeps
    this.#sloppy = sloppy
    this.#knowsHolders = knowsHolders
  }

  /** A write without a context covers all that was acknowledged; with one, what that names. */
  begin(key: string, kind: Write['kind'], filling: Uint8Array, seen?: Seen): Write {
    const number = this.#next(key)
    const body =
      kind === 'put' ? Buffer.concat([Buffer.from(`${key}#${number}\n`), filling]) : new Uint8Array(0)
    return this.#add({ kind, key, number, body, ...this.#covering(key, seen) })
  }

  /** A copy of an acknowledged write of any key. */
  beginCopy(key: string, source: Write, seen?: Seen): Write {
    const number = this.#next(key)
    return this.#add({ kind: 'put', key, number, body: source.body, ...this.#covering(key, seen) })
  }

  /** A purge of one acknowledged version. */
  beginRemoval(target: Write): Write {
    const only = new Set([target.number])
    const { key } = target
    const number = this.#next(key)
    return this.#add({
      ...{ kind: 'purge', key, number, body: new Uint8Array(0), must: only, may: only },
      ...{ plain: false, uncovers: true },
    })
  }

  #covering(key: string, seen: Seen | undefined): Pick<Write, 'must' | 'may' | 'plain' | 'uncovers'> {
    return { ...(seen ?? this.everything(key)), plain: seen === undefined, uncovers: false }
  }

  #add(
    write: Pick<Write, 'kind' | 'key' | 'number' | 'body' | 'plain' | 'uncovers' | 'must' | 'may'>,
  ): Write {
    const added: Write = {
      ...write,
      outcome: 'open',
      versionId: undefined,
      shownId: undefined,
      createdAtMs: undefined,
      twinsUntilMs: undefined,
      tags: [],
    }
    this.#writes.set(write.key, [...(this.#writes.get(write.key) ?? []), added])
    return added
  }

  #next(key: string): number {
    return (this.#writes.get(key)?.length ?? 0) + 1
  }

  /** `versionId` is that of the version that was added; for `twinsUntilMs` see `Write`. */
  acknowledge(write: Write, versionId?: string, createdAt?: Date, twinsUntilMs?: number): void {
    write.outcome = 'acknowledged'
    write.twinsUntilMs = twinsUntilMs
    write.versionId = versionId
    write.createdAtMs = createdAt?.getTime()
  }

  /** An acknowledged purge told which versions it removed. */
  removed(write: Write, ids: readonly string[]): void {
    if (!this.#sloppy) return
    const gone = this.versionsOf(write.key).filter(({ versionId }) => ids.includes(versionId ?? ''))
    write.must = new Set([...write.must, ...numbersOf(gone)])
  }

  /** The write failed in a way that lets it appear later, or never. */
  fail(write: Write): void {
    write.outcome = 'indeterminate'
  }

  /** The write failed in a way that says that nothing was stored. */
  refuse(write: Write): void {
    write.outcome = 'refused'
  }

  beginTag({ tags }: Write): Tag {
    const tag = { value: String(tags.length + 1), acknowledged: false }
    tags.push(tag)
    return tag
  }

  /** Checks a tag that was read: the last one that was acknowledged, or one that was not and may come late. */
  checkTag(write: Write, value: string | undefined): void {
    const last = write.tags.findLast(({ acknowledged }) => acknowledged)
    const shown = write.tags.find(tag => tag.value === value)
    if (shown === last || shown?.acknowledged === false || this.#sloppy) return
    throw this.#broken(write, `shows tag ${value}, but ${last?.value} was acknowledged`)
  }

  /** What a token that is made now covers: all that was acknowledged, and no more than was begun. */
  everything(key: string): Seen {
    const writes = this.ofKey(key)
    const acknowledged = writes.filter(({ outcome }) => outcome === 'acknowledged')
    return { must: this.#sloppy ? new Set() : numbersOf(acknowledged), may: numbersOf(writes) }
  }

  /** What the token of a read covers that showed these heads; `before`: all there was when it began. */
  seenAt(key: string, heads: readonly string[], before: Seen): Seen {
    if (!this.#sloppy) return before
    const shown = this.versionsOf(key).filter(({ versionId }) => heads.includes(versionId ?? ''))
    const must = new Set(shown.flatMap(write => [write.number, ...write.must]))
    return { must, may: new Set([...before.may, ...must]) }
  }

  /** What the token covers that an acknowledged PUT returned. */
  seenBy({ must, may, number }: Write): Seen {
    return { must: new Set([...must, number]), may: new Set([...may, number]) }
  }

  /** What was written, or may have been. */
  ofKey(key: string): readonly Write[] {
    return (this.#writes.get(key) ?? []).filter(({ outcome }) => outcome !== 'refused')
  }

  get keys(): readonly string[] {
    return [...this.#writes.keys()].sort()
  }

  /** Acknowledged versions. */
  versionsOf(key: string): readonly Write[] {
    return this.ofKey(key).filter(({ versionId }) => versionId !== undefined)
  }

  count(outcome: Write['outcome']): number {
    let count = 0
    for (const writes of this.#writes.values()) {
      for (const write of writes) if (write.outcome === outcome) count++
    }
    return count
  }

  /** Reads whose latest head is older than another write that was acknowledged: one that failed took effect late. */
  get lateHeads(): number {
    return this.#lateHeads
  }

  /** Reads that showed a write again that was overwritten, by another dot of it. */
  get twins(): number {
    return this.#twins
  }

  /** Checks a listing of the keys under a prefix that nobody writes meanwhile; `last` as of `checkRead`. */
  checkListing(prefix: string, listed: ReadonlySet<string>, last = false): void {
    if (this.#sloppy && !last) return
    for (const key of this.keys.filter(key => key.startsWith(prefix))) {
      const writes = this.ofKey(key)
      const puts = writes.filter(({ kind }) => kind === 'put')
      // Nothing that came later, or failed, can hide it.
      const living = puts.find(write => this.#isHead(write))
      const hidden = writes.some(write => write.kind === 'marker' && !this.#isOverwritten(write))
      if (living !== undefined && !hidden && !listed.has(key))
        throw this.#broken(living, 'is a head, but the key is not listed')
      const [latest] = puts.slice(-1)
      const gone = puts.every(
        write => write.twinsUntilMs === undefined && writes.some(other => isPurged(write, other)),
      )
      if (latest !== undefined && gone && listed.has(key))
        throw this.#broken(latest, 'was purged with all before it, but the key is listed')
    }
  }

  /** Checks what a read shows that began and ended while the key's writer was idle; `last`: all is mended and level. */
  checkRead(key: string, { heads, body, isWhole }: Shown, last = false): void {
    const isExact = last || !this.#sloppy || (isWhole === true && this.#knowsHolders)
    const versions = this.versionsOf(key)
    if (new Set(heads).size < heads.length)
      throw new Violation(`${key} shows a write twice: ${heads.join(' ')}`)
    for (const write of this.#sloppy && !last ? [] : this.ofKey(key)) {
      if (write.outcome === 'acknowledged' || write.shownId === undefined) continue
      if (!heads.includes(write.shownId) && !this.#mayBeCovered(write))
        throw this.#broken(write, `was shown, and nothing covers it, but it is no head`)
    }
    for (const write of isExact ? versions : []) {
      if (this.#isHead(write) && !heads.includes(write.versionId ?? ''))
        throw this.#broken(write, `was acknowledged and nothing covers it, but it is no head`)
      if (!this.#isOverwritten(write) || !heads.includes(write.versionId ?? '')) continue
      if (write.twinsUntilMs !== undefined) this.#twins++
      else throw this.#broken(write, `is a head, but what covers it was acknowledged`)
    }
    const latest = versions.find(({ versionId }) => versionId === heads[0])
    if (latest !== undefined && body !== undefined && !Buffer.from(latest.body).equals(body))
      throw this.#broken(latest, `is shown with other bytes`)
    if (latest !== undefined || body === undefined) return
    const unheard = this.ofKey(key).find(
      write =>
        write.outcome !== 'acknowledged' && write.kind === 'put' && Buffer.from(write.body).equals(body),
    )
    if (unheard === undefined) throw new Violation(`${key} shows bytes that nobody wrote there`)
    // What one read has shown, every later one shows, or what covers it.
    unheard.shownId = heads[0]
    if (versions.some(({ number }) => number > unheard.number)) this.#lateHeads++
  }

  /** Checks the ids of all versions of a key that a listing names. */
  checkVersions(key: string, ids: ReadonlySet<string>): void {
    for (const write of this.versionsOf(key)) {
      const there = ids.has(write.versionId ?? '')
      if (!there && !this.#mayBeGone(write)) throw this.#broken(write, `was acknowledged and is lost`)
      if (there && write.twinsUntilMs === undefined && this.ofKey(key).some(other => isPurged(write, other)))
        throw this.#broken(write, `was purged and is there again`)
    }
  }

  /**
   * Looks at the versions on all agents once these are whole: where a write has no dot but the acknowledged one, no
   * attempt of it comes late any more. Returns how many attempts were minted after their write was acknowledged;
   * there are none where whoever tried again reached all owners, as each then refuses the earlier attempt.
   */
  settle(key: string, replicas: readonly (readonly Minted[])[]): number {
    let lateTwins = 0
    for (const write of this.versionsOf(key)) {
      const dots = replicas.map(minted => minted.filter(({ id }) => id === write.versionId))
      const untilMs = write.twinsUntilMs ?? Number.POSITIVE_INFINITY
      lateTwins += Math.max(...dots.map(found => found.filter(({ atMs }) => atMs > untilMs).length))
      // What is left of two dots may be the one that nobody heard of.
      if (dots.flat().every(({ atMs }) => Math.floor(atMs) === write.createdAtMs))
        write.twinsUntilMs = undefined
    }
    return lateTwins
  }

  /** Checks an answer that says that a version does not exist; `last` as of `checkRead`. */
  checkGone(write: Write, last = false): void {
    if (this.#sloppy && !last) return
    if (!this.#mayBeGone(write)) throw this.#broken(write, `was acknowledged and is not found`)
  }

  /** No write, heard of or not, can cover it. */
  #isHead(write: Write): boolean {
    return write.versionId !== undefined && !this.#mayBeCovered(write)
  }

  #mayBeCovered(write: Write): boolean {
    return this.ofKey(write.key).some(
      other => other !== write && (other.may.has(write.number) || (other.plain && mayComeLate(other))),
    )
  }

  /** An acknowledged write covers it, and is still there itself (or is a purge). */
  #isOverwritten({ key, number }: Write): boolean {
    const writes = this.ofKey(key)
    const uncovered = (target: Write) =>
      writes.some(({ uncovers, may }) => uncovers && may.has(target.number))
    return writes.some(
      other => other.outcome === 'acknowledged' && other.must.has(number) && !uncovered(other),
    )
  }

  /** Whether it may be gone: by a purge, heard of or not, or by the retention policy. */
  #mayBeGone(write: Write): boolean {
    const writes = this.ofKey(write.key)
    if (writes.some(({ kind, may }) => kind === 'purge' && may.has(write.number))) return true
    if (this.#isHead(write)) return false
    // The oldest go first, but for heads: a sibling of its own may have stayed in its place.
    let before = 0
    for (const other of writes) {
      if (other.kind === 'purge' || other === write) continue
      if (mayComeLate(other)) before += attemptsMax
      else if (!write.must.has(other.number) || isNewer(other, write)) before++
    }
    return before >= this.#keeps(write.key)
  }

  /** Says which write, what is wrong, and what was written to the key. */
  #broken({ key, number, kind, versionId }: Write, what: string): Violation {
    const told = this.ofKey(key).map(
      write =>
        `  ${write.number} ${write.kind} ${write.outcome} ${write.versionId ?? ''} ${write.createdAtMs ?? ''}` +
        ` covers ${[...write.must].join(' ')} (or ${[...write.may].join(' ')})`,
    )
    return new Violation(
      [`${key}: write ${number} (${kind}, version ${versionId}) ${what}`, ...told].join('\n'),
    )
  }
}

/** An attempt of it may be minted at any time. A purge is no attempt: what it names was read before. */
function mayComeLate({ kind, outcome, twinsUntilMs }: Write): boolean {
  return kind !== 'purge' && (outcome !== 'acknowledged' || twinsUntilMs !== undefined)
}

/** Or may be, where an answer does not tell. */
function isNewer(a: Write, b: Write): boolean {
  return a.createdAtMs === undefined || b.createdAtMs === undefined || a.createdAtMs >= b.createdAtMs
}

function isPurged({ number }: Write, by: Write): boolean {
  return by.kind === 'purge' && by.outcome === 'acknowledged' && by.must.has(number)
}

function numbersOf(writes: readonly Write[]): Set<number> {
  return new Set(writes.map(({ number }) => number))
}
