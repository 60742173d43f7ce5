import { emptyContext, encodeContext } from '@torc/cluster/clocks/causal-context'
import type { Dot } from '@torc/cluster/clocks/dot'
import {
  decodeLiveReport,
  encodeLiveReport,
  type LiveReport,
  oldestWanted,
} from '@torc/cluster/retention/live-report'
import {
  parsePolicy,
  policyAttribute,
  policyInForce,
  policyOf,
  type RetentionPolicy,
} from '@torc/cluster/retention/policy'
import {
  type Attributes,
  attributeKey,
  attributesOf,
  mergeAttributes,
  noAttributes,
} from '@torc/cluster/state/attributes'
import { decodeAttributes, encodeAttributes } from '@torc/cluster/state/attributes-codec'
import { closedContext, type KeyState, stateDigest } from '@torc/cluster/state/key-state'
import { type MintInput, summaryOf } from '@torc/cluster/state/key-summary'
import type { RequestOf, ResponseOf } from '@torc/protocol/messages/table'
import { reportOf } from '../../src/flows/policy-flow.js'

/** What a mint prunes by, as real agents find it out. */
export function retentionOf(
  head: RequestOf<'mint'>,
  state: KeyState,
): Pick<MintInput, 'retention' | 'setPolicy'> {
  const setPolicy = head.setPolicy === undefined ? undefined : parsePolicy(head.setPolicy)
  const told = head.attributes === undefined ? noAttributes : decodeAttributes(head.attributes)
  const known = mergeAttributes(state.attributes, told, emptyContext, () => true)
  const policy = policyInForce(setPolicy, known, bucketPolicy(head.policy))
  if (policy.kind === 'all') return { setPolicy }
  const live = (head.live ?? []).map(report => decodeLiveReport(report))
  const counts = live.map(report => report.versionCount)
  const own = cut(reportOf(state), oldestWanted(policy, state.versions.size, ...counts))
  return { setPolicy, retention: { policy, reports: [own, ...live] } }
}

function bucketPolicy(text: string | undefined): RetentionPolicy | undefined {
  const policy = text === undefined ? undefined : parsePolicy(text)
  return policy === 'inherit' ? undefined : policy
}

function cut(report: LiveReport, wanted: number): LiveReport {
  return { ...report, oldest: report.oldest.slice(0, wanted) }
}

/** What a clock read answers. */
export function readClock(
  head: RequestOf<'fetchKey'>,
  state: KeyState,
  time: number,
): ResponseOf<'fetchKey'> {
  const { newest, maxSeq, nulls } = summaryOf(state)
  const answer: ResponseOf<'fetchKey'> = {
    time,
    digest: stateDigest(state),
    context: encodeContext(closedContext(state)),
    newest,
    seq: maxSeq,
  }
  const registers = attributesOf(
    [...state.attributes.values()].filter(({ version }) => version === undefined),
  )
  if (nulls.length > 0) answer.nulls = nulls.map(({ actor, counter }) => [actor, counter])
  if (registers.size > 0) answer.attributes = encodeAttributes(registers)
  const own = policyOf(state.attributes)
  const policy = own === undefined || own.kind === 'all' ? bucketPolicy(head.policy) : own
  if (policy !== undefined && policy.kind !== 'all')
    answer.live = encodeLiveReport(cut(reportOf(state), oldestWanted(policy, state.versions.size)))
  return answer
}

/** The registers of one change, under one time and dot. */
export function registersOf(head: RequestOf<'setAttributes'>, time: number, dot: Dot): Attributes {
  const version = head.version as readonly [Dot['actor'], number] | undefined
  const of = version === undefined ? undefined : { actor: version[0], counter: version[1] }
  return attributesOf([
    ...head.set.map(([name, value]) => ({ version: of, name, value, time, dot })),
    ...head.clear.map(name => ({ version: of, name, value: undefined, time, dot })),
  ])
}

/** Time of the key's own policy, which a new one must be later than. */
export function timeOfPolicy(attributes: Attributes): number {
  return attributes.get(attributeKey(undefined, policyAttribute))?.time ?? 0
}
