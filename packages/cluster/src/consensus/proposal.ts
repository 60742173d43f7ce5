import type { ErrorCode } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import { PackReader } from '../codec/pack-reader.js'
import { PackWriter } from '../codec/pack-writer.js'

/** What became of one conditional write. */
export interface Decision {
  /** 16 bytes. */
  readonly opId: Uint8Array
  /** The condition held, and the version was written. */
  readonly written: boolean
}

/** The version that a proposal brings, as it joins a key's state. Its inline body, if any, is kept beside it. */
export interface ProposedVersion {
  readonly record: Uint8Array
  /** Context of the delta: the dot with its gap, and what a retention policy takes with it. */
  readonly delta: Uint8Array
  /** Registers that are set with it; undefined = none. */
  readonly attributes: Uint8Array | undefined
}

/**
 * A value of a key's register (DESIGN §5; decision 29). What it is built on is not part of it: that is in the key state
 * of a majority of the owners before anything is proposed.
 */
export interface Proposal {
  /** The last of the register's decisions, the oldest first; the last one is this proposal's own. */
  readonly decisions: readonly Decision[]
  /** How many decisions the register has had in all. */
  readonly decided: number
  /** Undefined where the condition failed, and once an owner has the version in the key's state. */
  readonly version: ProposedVersion | undefined
}

/** So many decisions a register carries: a retry that is found there is answered as before. */
export const decisionsMax = 64

export const emptyProposal: Proposal = Object.freeze({ decisions: [], decided: 0, version: undefined })

/** The next value of a register, with one decision more. */
export function decide(before: Proposal, decision: Decision, version: ProposedVersion | undefined): Proposal {
  const decisions = [...before.decisions, decision].slice(-decisionsMax)
  return { decisions, decided: before.decided + 1, version }
}

/** What became of an operation; undefined where the register does not say. */
export function decisionOf(proposal: Proposal, opId: Uint8Array): Decision | undefined {
  return proposal.decisions.findLast(decision => Buffer.compare(decision.opId, opId) === 0)
}

/** Whether some decisions are no longer carried: an operation that is not found may have been decided. */
export function forgetsDecisions(proposal: Proposal): boolean {
  return proposal.decided > proposal.decisions.length
}

const schema = 1
const fieldCount = 6
const opIdBytes = 16

/** Stored form: `[1, decided, [opId, written, …], record, delta, attributes]`; empty bytes where there is none. */
export function encodeProposal({ decisions, decided, version }: Proposal): Uint8Array {
  const bytes = version === undefined ? 0 : version.record.length + version.delta.length
  const writer = new PackWriter(64 + decisions.length * 20 + bytes)
  writer.array(fieldCount)
  writer.uint(schema)
  writer.uint(decided)
  writer.array(2 * decisions.length)
  for (const { opId, written } of decisions) {
    writer.bytes(opId)
    writer.uint(written ? 1 : 0)
  }
  writer.bytes(version?.record ?? nothing)
  writer.bytes(version?.delta ?? nothing)
  writer.bytes(version?.attributes ?? nothing)
  return writer.finish()
}

/** Throws `code` unless `bytes` are exactly one proposal. */
export function decodeProposal(bytes: Uint8Array, code: ErrorCode = 'CORRUPT'): Proposal {
  const reader = new PackReader(bytes, code, 'proposal')
  reader.tuple(fieldCount)
  reader.schema(schema)
  const decided = reader.uint()
  const count = reader.array(2 * decisionsMax)
  if (count % 2 !== 0 || count / 2 > decided) throw reader.refuse('decisions out of shape')
  const decisions: Decision[] = []
  for (let i = 0; i < count; i += 2) {
    decisions.push({ opId: reader.bytes(opIdBytes, true), written: reader.uint(1) === 1 })
  }
  const record = reader.bytes(limits.headBytesMax)
  const delta = reader.bytes(limits.headBytesMax)
  const attributes = reader.bytes(limits.headBytesMax)
  reader.end()
  if (record.length === 0) return { decisions, decided, version: undefined }
  if (decisions.at(-1)?.written !== true) throw reader.refuse('a version that no decision wrote')
  return {
    decisions,
    decided,
    version: { record, delta, attributes: attributes.length === 0 ? undefined : attributes },
  }
}

const nothing = new Uint8Array(0)
