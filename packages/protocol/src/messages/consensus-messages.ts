import { limits } from '../limits.js'
import * as f from './fields.js'
import {
  addressed,
  bucketReplicas,
  define,
  interactive,
  noBodies,
  nodes,
  nullDots,
  opaque,
  recordBytes,
  senderTime,
} from './message.js'

const register = {
  ...addressed,
  bucketId: f.note('Id of the bucket', f.bytes(16, true)),
  key: f.note('The key', f.storedKey),
  ballot: f.note(
    'Collection number (4 bytes), round (8), proposer (8): compares bytewise',
    f.bytes(20, true),
  ),
  replicas: bucketReplicas,
}

const promised = f.note(
  'The highest ballot that the owner has promised: above the one that was sent, it refuses this one',
  f.bytes(20, true),
)

const proposalBytes = opaque(limits.headBytesMax)

/** What the owner accepted last. */
const accepted = {
  accepted: f.note('Ballot of what it accepted last; absent = nothing yet', f.optional(f.bytes(20, true))),
  proposal: f.note(
    'What it accepted; the inline body of a version in it is the body of the answer',
    f.optional(proposalBytes),
  ),
  learned: f.note(
    'The version of that is in the key’s state here, and gone from the proposal',
    f.optional(f.boolean),
  ),
}

/**
 * Consensus about a key among its owners (CASPaxos; DESIGN §5, decision 29). A proposal is in no answer to GET, LIST
 * or anti-entropy before it is learned.
 */
export const consensusMessages = {
  prepare: define({
    doc: 'Promises to accept nothing below the ballot, durably, and tells what was accepted last and what the key’s state is. Refused where a higher ballot was promised.',
    frame: 'POST',
    op: 'prepare',
    from: nodes,
    to: ['agent'],
    ...interactive,
    requestBody: 'none',
    responseBody: 'optional',
    request: {
      ...register,
      dot: f.note('Hand out a fresh dot for a version that may be proposed', f.optional(f.boolean)),
      policy: f.note(
        "The bucket's retention policy: `live` tells of the oldest versions where it (or the key's own) limits them",
        f.optional(f.text(256, 1)),
      ),
    },
    response: {
      time: senderTime,
      promised,
      ...accepted,
      dot: f.note('Actor and counter that were handed out', f.optional(f.pair(f.text(16), f.integer(1)))),
      after: f.note("Greatest counter of that actor in the owner's state", f.optional(f.integer())),
      digest: f.note('Digest of the key’s state', f.optional(f.bytes(16, true))),
      nulls: f.note('Null versions of the key’s state; absent = none', f.optional(nullDots)),
      context: f.note("The state's closed context", f.optional(opaque(256 * 1024))),
      newest: f.note('Greatest `createdAt` in the state', f.optional(f.hybridTime)),
      seq: f.note('Greatest `seq` in the state', f.optional(f.integer())),
      heads: f.note(
        'Records of the heads, newest first; absent where they are too many, or do not cover all that the versions cover: read the state then',
        f.optional(f.list(recordBytes, 1024)),
      ),
      attributes: f.note("The key's own registers", f.optional(opaque(256 * 1024))),
      live: f.note('Oldest versions, as in FETCH `key`', f.optional(opaque(limits.headBytesMax / 2))),
    },
  }),
  accept: define({
    doc: 'Accepts a proposal, durably, unless a higher ballot was promised. The body is the inline body of its version.',
    frame: 'POST',
    op: 'accept',
    from: nodes,
    to: ['agent'],
    ...interactive,
    requestBody: 'optional',
    responseBody: 'none',
    request: {
      ...register,
      proposal: f.note('The proposal, encoded', proposalBytes),
      intent: f.note(
        'Only where there is an intent of the operation, whose place the proposal takes (INTENT_EXPIRED)',
        f.optional(f.boolean),
      ),
    },
    response: { time: senderTime, promised },
  }),
  learn: define({
    doc: 'What was accepted under the ballot is chosen: joins it into the key’s state, durably.',
    frame: 'POST',
    op: 'learn',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: register,
    response: {
      time: senderTime,
      outcome: f.note(
        '`unknown`: not accepted here under this ballot, send the version as a merge; `seen`: it came and went',
        f.oneOf('stored', 'had', 'seen', 'unknown'),
      ),
      context: f.note("The key's closed context afterwards", opaque(256 * 1024)),
    },
  }),
} as const
