import {
  type CausalContext,
  contextOfDot,
  covers,
  emptyContext,
  isEmptyContext,
  joinContexts,
  subtractContexts,
} from '@torc/cluster/clocks/causal-context'
import type { KeyState } from '@torc/cluster/state/key-state'

/**
 * Whether what an agent holds of a key as hints can change nothing of the heads that owners agree on. `closed`: the
 * closed context of the owners' state. True when each of its versions is covered there (the owners have it, or a
 * version that covers it, or removed it), and it tells of nothing that was removed. Pure; no answer but "perhaps" for
 * hints of purges and prunings.
 */
export function addsNothing(hinted: KeyState, closed: CausalContext): boolean {
  let versions = emptyContext
  for (const { dot, after } of hinted.versions.values()) {
    if (!covers(closed, dot)) return false
    versions = joinContexts(versions, contextOfDot(dot, after))
  }
  return isEmptyContext(subtractContexts(hinted.context, versions))
}
