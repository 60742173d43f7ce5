import {
  type CausalContext,
  contextOfDot,
  emptyContext,
  joinContexts,
  subtractContexts,
} from '@torc/cluster/clocks/causal-context'
import type { Dot } from '@torc/cluster/clocks/dot'
import { type Attributes, noAttributes } from '@torc/cluster/state/attributes'
import { type RestDelta, restDeltas } from '@torc/cluster/state/difference'
import type { KeySummary } from '@torc/cluster/state/key-summary'
import type { Version } from '@torc/cluster/state/version'
import { encodeVersion } from '@torc/cluster/state/version-codec'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { checkStoredBody } from '../handlers/inline-body.js'
import type { KeyIndex } from '../index/key-index.js'
import type { KeyName } from '../index/key-writer.js'

/** One merge of a delivery. */
export interface DeliveredDelta {
  readonly context: CausalContext
  /** A version, its record, and its inline body if it has one. */
  readonly version: Version | undefined
  readonly record: Uint8Array | undefined
  readonly body: Uint8Array | undefined
  readonly attributes: Attributes
}

/**
 * A key's state on its way to one that lacks some of it: each version as the delta that it is, then what is gone and the
 * registers, as `restDeltas` says. The versions are listed when it begins and read one by one; one that is removed
 * meanwhile is left out, which the state's digest tells at the end: such a key is delivered once more.
 */
export class KeyDelivery {
  /** Of the state that is delivered. */
  readonly digest: Uint8Array
  readonly #index: KeyIndex
  readonly #hasher: Hasher
  readonly #name: KeyName
  readonly #summary: KeySummary
  readonly #dots: readonly Dot[]
  #next = 0
  #rest: RestDelta[] | undefined
  #sent: CausalContext = emptyContext

  private constructor(
    index: KeyIndex,
    hasher: Hasher,
    name: KeyName,
    summary: KeySummary,
    dots: readonly Dot[],
  ) {
    this.#index = index
    this.#hasher = hasher
    this.#name = name
    this.#summary = summary
    this.#dots = dots
    this.digest = summary.digest
  }

  /** Undefined for a key that is not here. */
  static of(index: KeyIndex, hasher: Hasher, name: KeyName): KeyDelivery | undefined {
    const known = index.find(name.bucketId, name.key)
    if (known === undefined) return undefined
    const latest = known.summary.heads.slice(0, 1).map(({ dot }) => dot)
    // In order of their counters: what has been sent of an actor stays one interval.
    return new KeyDelivery(index, hasher, name, known.summary, [...index.rows.dotsOf(known.id), ...latest])
  }

  /** What is to be merged next; undefined at the end. CORRUPT when a stored body is damaged. */
  next(): DeliveredDelta | undefined {
    while (this.#next < this.#dots.length) {
      const dot = this.#dots[this.#next++]
      const delta = dot === undefined ? undefined : this.#versionAt(dot)
      if (delta !== undefined) return delta
    }
    const { context, attributes } = this.#summary
    this.#rest ??= restDeltas({
      ...{ missing: [], removed: [] },
      context: subtractContexts(context, this.#sent),
      attributes: [...attributes.values()],
    })
    const rest = this.#rest.shift()
    return rest === undefined
      ? undefined
      : { ...rest, version: undefined, record: undefined, body: undefined }
  }

  #versionAt(dot: Dot): DeliveredDelta | undefined {
    const known = this.#index.find(this.#name.bucketId, this.#name.key)
    const version = known === undefined ? undefined : this.#index.versionAt(known, dot)
    if (known === undefined || version === undefined) return undefined
    const context = contextOfDot(version.dot, version.after)
    this.#sent = joinContexts(this.#sent, context)
    const body = isInline(version) ? (this.#index.bodyOf(known, dot) ?? nothing) : undefined
    if (body !== undefined) checkStoredBody(this.#hasher, version, body)
    return { context, version, record: encodeVersion(version), body, attributes: noAttributes }
  }
}

const nothing = new Uint8Array(0)

function isInline(version: Version): boolean {
  return version.kind === 'object' && version.blocks === undefined
}
