/** A write of a register's one writer, which makes one call after the other. No value is written twice. */
export interface RegisterWrite {
  readonly kind: 'put' | 'delete'
  /** Of a put. */
  readonly value?: string
  /** Of a put, where bytes are compared: their hash. */
  readonly hash?: string | undefined
  readonly calledAt: number
  /** Undefined where it never returned. */
  readonly returnedAt: number | undefined
  /** `unknown`: it may take effect at any time after its call, or never. `failed`: it surely did nothing. */
  readonly result: 'ok' | 'failed' | 'unknown'
}

/** A read of anybody that succeeded. */
export interface RegisterRead {
  readonly kind: 'read'
  /** Undefined where there is nothing. */
  readonly shown: string | undefined
  readonly hash?: string | undefined
  readonly calledAt: number
  readonly returnedAt: number
  /** Whether it must not be stale; one that need not be counts where it is. */
  readonly binding: boolean
}

export type RegisterReadsCall = RegisterWrite | RegisterRead

export interface RegisterVerdict {
  readonly reads: number
  /** Of those, the ones that must not be stale. */
  readonly binding: number
  /** The ones that need not be right at once, and were not. */
  readonly stale: number
  readonly wrong: readonly { readonly read: RegisterRead; readonly why: string }[]
}

/**
 * Whether each read of a register with one writer shows what it may: the last write that was acknowledged before it, one
 * that was under way meanwhile, or one of which nobody knows what became of it; and nothing older than what a read before
 * it showed. A read that is not binding may be late, but still shows what somebody wrote.
 */
export function checkRegisterReads(history: readonly RegisterReadsCall[]): RegisterVerdict {
  const writes = history
    .filter(call => call.kind !== 'read')
    .filter(({ result }) => result !== 'failed')
    .sort((a, b) => a.calledAt - b.calledAt)
  const reads = history.filter(call => call.kind === 'read')
  const wrong: { read: RegisterRead; why: string }[] = []
  let stale = 0
  for (const read of reads) {
    const why = nonsense(writes, read)
    if (why !== undefined) wrong.push({ read, why })
    else if (isLate(writes, read, shownBefore(reads, read))) {
      if (read.binding) wrong.push({ read, why: `${told(read.shown)}, which is overwritten` })
      else stale++
    }
  }
  return { reads: reads.length, binding: reads.filter(({ binding }) => binding).length, stale, wrong }
}

/** What no read may show, however late: values that nobody wrote by then, or other bytes. */
function nonsense(
  writes: readonly RegisterWrite[],
  { shown, hash, returnedAt }: RegisterRead,
): string | undefined {
  if (shown === undefined) return undefined
  const write = writes.find(({ kind, value }) => kind === 'put' && value === shown)
  if (write === undefined) return `${told(shown)}, which nobody wrote`
  if (write.calledAt > returnedAt) return `${told(shown)}, which is written later`
  if (hash !== undefined && write.hash !== undefined && write.hash !== hash)
    return `${told(shown)} with other bytes`
  return undefined
}

/** Values that reads which are sure had shown before this one began; none where it is not sure itself. */
function shownBefore(reads: readonly RegisterRead[], { binding, calledAt }: RegisterRead): Set<string> {
  const before = binding ? reads.filter(read => read.binding && read.returnedAt < calledAt) : []
  return new Set(before.flatMap(({ shown }) => shown ?? []))
}

function isLate(
  writes: readonly RegisterWrite[],
  { shown, calledAt, returnedAt }: RegisterRead,
  before: ReadonlySet<string>,
): boolean {
  const begun = writes.filter(write => write.calledAt < returnedAt)
  const last = begun.findLastIndex(
    write =>
      (write.value !== undefined && before.has(write.value)) ||
      (write.result === 'ok' && write.returnedAt !== undefined && write.returnedAt < calledAt),
  )
  // Nothing is there before the first write.
  if (shown === undefined && last < 0) return false
  return !begun.some(
    ({ kind, value, result }, i) =>
      (i >= last || result === 'unknown') && (kind === 'put' ? value : undefined) === shown,
  )
}

function told(shown: string | undefined): string {
  return shown === undefined ? 'shows nothing' : `shows ${shown}`
}
