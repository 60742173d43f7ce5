import { limits } from '../limits.js'
import { administers, reads } from './access.js'
import * as f from './fields.js'
import {
  blockCounts,
  define,
  heldBytes,
  hintsHeld,
  interactive,
  member,
  noBodies,
  objectName,
  repairState,
  scrubState,
  users,
} from './message.js'

const scrubAnswer = {
  agents: f.note(
    'The agents of the layout; without `scrub` where one could not be asked',
    f.list(
      f.map({
        id: f.note('Node id', f.nodeId),
        blocksMissing: blockCounts.blocksMissing,
        blocksCorrupt: blockCounts.blocksCorrupt,
        blocksRepaired: blockCounts.blocksRepaired,
        scrub: f.note('Its scrub', f.optional(f.map(scrubState))),
        waitFor: f.note('Of PUT: the pass that answers the request', f.optional(f.integer())),
        error: f.note('Why it could not be asked', f.optional(f.text(4096))),
      }),
      limits.membersMax,
    ),
  ),
}

const repairAnswer = {
  agents: f.note(
    'The agents of the layout; without `repair` where one could not be asked',
    f.list(
      f.map({
        id: f.note('Node id', f.nodeId),
        repair: f.note('Its anti-entropy', f.optional(f.map(repairState))),
        waitFor: f.note('Of PUT: the pass that answers the request', f.optional(f.integer())),
        error: f.note('Why it could not be asked', f.optional(f.text(4096))),
      }),
      limits.membersMax,
    ),
  ),
}

/** What operators ask about the cluster. */
export const clusterMessages = {
  getStatus: define({
    doc: 'The state of the cluster as this server sees it.',
    frame: 'GET',
    op: 'status',
    from: users,
    access: administers,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {},
    response: {
      epoch: f.note('Number of the layout', f.integer()),
      partitions: f.note('Number of partitions', f.integer()),
      replicas: f.note('Number of owners of each key (N)', f.integer()),
      healthy: f.note('Nothing is wrong', f.boolean),
      problems: f.note('What is wrong, in plain words', f.list(f.text(4096), 1024)),
      members: f.note(
        'The nodes as the sender knows them',
        f.list(
          f.map({
            ...member,
            usedBytes: f.optional(f.integer()),
            partitions: f.optional(f.integer()),
            keys: f.optional(f.integer()),
            versions: f.optional(f.integer()),
            blocks: f.optional(f.integer()),
            ...heldBytes,
            ...blockCounts,
            hintsHeld: f.note(
              'Hints that it holds, by the owner that they are for',
              f.optional(f.list(f.map(hintsHeld), limits.membersMax)),
            ),
            repair: f.note('Its anti-entropy', f.optional(f.map(repairState))),
          }),
          limits.membersMax,
        ),
      ),
      buckets: f.note('Buckets', f.integer()),
      logicalBytes: f.note(
        'Bytes of the bodies of all versions, on all agents that told: each copy counts',
        f.optional(f.integer()),
      ),
      physicalBytes: f.note(
        'Bytes that they take: files of blocks, and bodies that are not in blocks',
        f.optional(f.integer()),
      ),
    },
  }),
  startScrub: define({
    doc: 'Asks all agents to check all their blocks now, at a higher rate, and to repair what is damaged. A pass that was asked for before and is under way answers it too.',
    frame: 'PUT',
    op: 'scrub',
    from: users,
    access: administers,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {},
    response: scrubAnswer,
  }),
  getScrub: define({
    doc: 'How the scrubs of all agents are.',
    frame: 'GET',
    op: 'scrub',
    from: users,
    access: administers,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {},
    response: scrubAnswer,
  }),
  startRepair: define({
    doc: 'Asks all agents to compare all their partitions with the other owners now, and to take over what they lack. A pass that was asked for before and is under way answers it too.',
    frame: 'PUT',
    op: 'repair',
    from: users,
    access: administers,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {},
    response: repairAnswer,
  }),
  getRepair: define({
    doc: 'How the anti-entropy of all agents is.',
    frame: 'GET',
    op: 'repair',
    from: users,
    access: administers,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {},
    response: repairAnswer,
  }),
  fetchObjectBlocks: define({
    doc: 'The blocks of a version, with what each of their owners knows of them; no blocks where the body is inline.',
    frame: 'FETCH',
    op: 'object-blocks',
    from: users,
    access: reads,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      ...objectName,
      versionId: f.note(
        'An id or a unique beginning of one; absent = the latest head',
        f.optional(f.versionIdText),
      ),
    },
    response: {
      versionId: f.note('Id of the version', f.versionIdText),
      blocks: f.note(
        'Blocks in their order: position from 0 on, SHA-256, bytes, and the owners with the state of the block there (`unknown` = could not be asked)',
        f.list(
          f.map({
            position: f.integer(0, limits.objectBlocksMax),
            hash: f.sha256,
            size: f.integer(0, limits.blockBytesMax),
            owners: f.list(
              f.pair(
                f.nodeId,
                f.oneOf('stored', 'uploading', 'releasing', 'missing', 'corrupt', 'absent', 'unknown'),
              ),
              64,
            ),
          }),
          limits.blockStatesMax,
        ),
      ),
    },
  }),
} as const
