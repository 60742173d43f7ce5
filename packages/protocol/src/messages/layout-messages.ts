import { limits } from '../limits.js'
import * as f from './fields.js'
import {
  addressed,
  bucketReplicas,
  define,
  interactive,
  noBodies,
  nodes,
  recordBytes,
  senderTime,
} from './message.js'

const ballot = f.note('Number of an attempt, 20 bytes that compare as numbers do', f.bytes(20, true))

const nextEpoch = {
  number: f.note('Number of the layout that is decided: the one after the agent’s own', f.integer(1)),
  parent: f.note('Hash of the agent’s own layout', f.sha256),
}

const stagedLayout = {
  previous: f.note('The layout before, encoded', f.optional(recordBytes)),
  stage: f.note('Stage of the change from the one before; absent = 3, settled', f.optional(f.integer(1, 3))),
}

/** What nodes ask agents about layouts and the change from one to the next. */
export const layoutMessages = {
  putEpoch: define({
    doc: 'Stores a layout: write-once by its number; or a later stage of the one that is there.',
    frame: 'POST',
    op: 'epoch',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: { epoch: f.note('The layout, encoded', recordBytes), ...stagedLayout },
    response: { epoch: f.note('The layout, encoded', recordBytes), ...stagedLayout },
  }),
  fetchEpoch: define({
    doc: 'The newest layout that the agent holds.',
    frame: 'FETCH',
    op: 'epoch',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: {},
    response: {
      epoch: f.note('The layout, encoded; absent = none', f.optional(recordBytes)),
      ...stagedLayout,
    },
  }),
  prepareEpoch: define({
    doc: 'Consensus on the next layout: promises to accept nothing below the ballot. Durable before it is answered.',
    frame: 'POST',
    op: 'epoch-prepare',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: { ...nextEpoch, ballot },
    response: {
      promised: f.note(
        'Highest ballot that the agent has promised; another one than asked for = refused',
        ballot,
      ),
      accepted: f.note('Ballot of what it has accepted', f.optional(ballot)),
      epoch: f.note('The layout that it has accepted, encoded', f.optional(recordBytes)),
    },
  }),
  acceptEpoch: define({
    doc: 'Consensus on the next layout: accepts it, unless a higher ballot was promised. Durable before it is answered.',
    frame: 'POST',
    op: 'epoch-accept',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: { ...nextEpoch, ballot, epoch: f.note('The layout, encoded', recordBytes) },
    response: {
      promised: f.note(
        'Highest ballot that the agent has promised; another one than asked for = refused',
        ballot,
      ),
    },
  }),
  fetchBallots: define({
    doc: 'Votes on registers of keys of partitions, for a new owner of these: one in each frame, its inline body as the body.',
    frame: 'FETCH',
    op: 'ballots',
    from: ['agent'],
    to: ['agent'],
    priority: 'background',
    idempotent: true,
    requestBody: 'none',
    responseBody: 'optional',
    request: {
      ...addressed,
      partitions: f.note('The partitions', f.list(f.integer(0, 65535), limits.treeRootsMax)),
    },
    response: {
      time: senderTime,
      bucketId: f.note(
        'Id of the bucket; absent in the last frame, which tells of nothing',
        f.optional(f.bytes(16, true)),
      ),
      key: f.note('The key', f.optional(f.storedKey)),
      replicas: bucketReplicas,
      promised: f.note('Highest ballot that was promised', f.optional(ballot)),
      accepted: f.note('Ballot of what was accepted last', f.optional(ballot)),
      proposal: f.note('What was accepted', f.optional(recordBytes)),
      learned: f.note(
        'The version of that is in the key’s state, and gone from the proposal',
        f.optional(f.boolean),
      ),
    },
  }),
  fetchTransition: define({
    doc: 'How far the agent is in the change to its layout. All of it is on its disk.',
    frame: 'FETCH',
    op: 'transition',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: {},
    response: {
      number: f.note('Number of its layout; 0 = none', f.integer()),
      stage: f.note('Stage of the change to it', f.integer(1, 3)),
      unsynced: f.note(
        'A bit for each partition that it owns and has not taken over yet, the first in the lowest bit of the first byte; absent = none',
        f.optional(f.bytes(8192)),
      ),
      lacking: f.note(
        'The same of those that it should have held by the layout before: of these it is no source for new owners',
        f.optional(f.bytes(8192)),
      ),
      leasedUnder: f.note(
        'Number of the layout under whose agents its counters were leased last; 0 = none since its start',
        f.integer(),
      ),
      toTakeOver: f.note('How many these are, and were at the beginning', f.pair(f.integer(), f.integer())),
      leftovers: f.note('Partitions of which it may hold what it was relieved of', f.integer()),
      bytes: f.note('Bytes that it has taken over since its start or the last layout', f.integer()),
    },
  }),
} as const
