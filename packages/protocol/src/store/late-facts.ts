import { TorcError } from '../errors.js'
import * as f from '../messages/fields.js'

type Pairs = readonly (readonly [name: string, value: string])[]

/** What a writer learned of a body from its bytes. */
export interface LateFacts {
  /** 1 to 128 characters of printable ASCII. */
  readonly etag?: string | undefined
  readonly metadata?: Pairs | undefined
}

/**
 * A writer's `seal`, asked once however often what follows is tried again: what it said or threw the first time counts.
 * BAD_REQUEST where it gives what no version can have.
 */
export function sealedOnce(seal: (() => LateFacts) | undefined): (() => LateFacts) | undefined {
  if (seal === undefined) return undefined
  let facts: LateFacts | undefined
  let failure: TorcError | undefined
  return () => {
    if (failure !== undefined) throw failure
    try {
      facts ??= checkedFacts(seal())
    } catch (thrown) {
      failure = TorcError.from(thrown)
      throw failure
    }
    return facts
  }
}

/** BAD_REQUEST where no version can have them. */
export function checkedFacts({ etag, metadata }: LateFacts): Required<LateFacts> {
  if (etag !== undefined) f.etag.check(etag, 'etag')
  if (metadata !== undefined) f.metadata.check([...metadata], 'metadata')
  return { etag, metadata }
}

/** What a body's writer said beforehand, and what was learned since. BAD_REQUEST where it is too much together. */
export function withLateFacts<F extends LateFacts>(facts: F, late: LateFacts | undefined): F {
  if (late === undefined) return facts
  const added = late.metadata ?? []
  if (late.etag === undefined && added.length === 0) return facts
  const metadata = f.metadata.check([...(facts.metadata ?? []), ...added], 'metadata')
  return { ...facts, etag: late.etag ?? facts.etag, metadata }
}

/** BAD_REQUEST: with a shared path the server reads the file, so that its caller has no bytes to learn anything from. */
export function refuseSeal({ seal }: { readonly seal?: unknown }): void {
  if (seal === undefined) return
  throw new TorcError('BAD_REQUEST', '`seal` was given with a shared path', {
    hint: 'Give `etag` and `metadata` beforehand, or send the body.',
  })
}
