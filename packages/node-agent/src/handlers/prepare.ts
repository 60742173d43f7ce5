import { encodeContext } from '@torc/cluster/clocks/causal-context'
import { sameBallot } from '@torc/cluster/consensus/ballot'
import { encodeProposal } from '@torc/cluster/consensus/proposal'
import { emptySummary, headsCoverAll, type KeySummary } from '@torc/cluster/state/key-summary'
import { nullDots } from '@torc/cluster/state/null-dots'
import { encodeVersion } from '@torc/cluster/state/version-codec'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import { limits } from '@torc/protocol/limits'
import type { KnownKey } from '../index/key-writer.js'
import { votedKey } from './addressing.js'
import type { AgentContext } from './agent-context.js'
import { attributePages, keyRegisters } from './attribute-pages.js'
import { encodedReport } from './encoded-report.js'

/** Records of heads in one answer; a state with more is read as such. */
const headsBytesMax = limits.headBytesMax / 4

/** Promises a ballot to whoever proposes under it, and tells what it must build on. Durable before it is answered. */
export function prepareHandler(agent: AgentContext) {
  return async ({ head }: IncomingRequest<'prepare'>): Promise<Reply<'prepare'>> => {
    const name = votedKey(agent, head)
    const { promised, accepted, handedOut, view } = await agent.register.prepare(
      name,
      head.ballot,
      head.dot === true,
      known => viewOf(agent, known, head.policy),
      () => agent.layout.checkStill(head.epoch, head.stage),
    )
    const time = agent.clock.now()
    if (!sameBallot(promised, head.ballot)) return { head: { time, promised } }
    const answer: Reply<'prepare'>['head'] = { time, promised, ...view }
    if (handedOut !== undefined) {
      answer.dot = [handedOut.dot.actor, handedOut.dot.counter]
      answer.after = handedOut.after
    }
    if (accepted === undefined) return { head: answer }
    answer.accepted = accepted.ballot
    answer.proposal = encodeProposal(accepted.proposal)
    answer.learned = accepted.learned
    return accepted.body === null ? { head: answer } : { head: answer, body: [accepted.body] }
  }
}

/** What a promise tells of the key's state. */
function viewOf(agent: AgentContext, known: KnownKey | undefined, policy: string | undefined) {
  const { digest, closed, newest, maxSeq, attributes, nulls, ...summary } = known?.summary ?? emptySummary
  const heads = headRecords(summary)
  const [registers] = attributePages(keyRegisters(attributes))
  const live = encodedReport(agent, known, policy)
  return {
    ...{ digest, context: encodeContext(closed), newest, seq: maxSeq },
    ...(heads === undefined ? {} : { heads }),
    ...(registers === undefined ? {} : { attributes: registers }),
    ...(live === undefined ? {} : { live }),
    ...nullDots(nulls),
  }
}

/** Undefined where a condition can't be judged on the heads alone. */
function headRecords(summary: Pick<KeySummary, 'heads' | 'covered'>): Uint8Array[] | undefined {
  if (!headsCoverAll(summary)) return undefined
  const records = summary.heads.map(encodeVersion)
  const bytes = records.reduce((sum, record) => sum + record.length, 0)
  return bytes <= headsBytesMax ? records : undefined
}
