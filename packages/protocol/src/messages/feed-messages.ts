import { limits } from '../limits.js'
import { reads } from './access.js'
import * as f from './fields.js'
import { define, interactive, noBodies, senderTime, users } from './message.js'

const kind = f.note('An object, or a marker that says "deleted"', f.oneOf('object', 'marker'))
const changeType = f.note(
  '`put`, `marker`: the version was added. `remove`: it was purged, pruned or replaced',
  f.oneOf('put', 'marker', 'remove'),
)
const bucketId = f.note('Id of the bucket', f.bytes(16, true))
const logId = f.bytes(16, true)
const lastPosition = f.note('Position of the last change of the log; 0 where it is empty', f.integer())

/** The feed of changes: what clients wait for at servers, and what servers read in the logs of agents. */
export const feedMessages = {
  watchBucket: define({
    doc: 'One batch of changes of a bucket behind a cursor; waits for one where there is none yet. The server keeps nothing for it: any server answers the next. A change may be told more than once.',
    frame: 'WATCH',
    op: 'bucket',
    from: users,
    access: reads,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket', f.bucketName),
      prefix: f.note('Only keys that begin with this', f.optional(f.keyPrefix)),
      cursor: f.note(
        'That of an earlier batch of the same bucket and prefix; absent = answers at once with a cursor of now',
        f.optional(f.token),
      ),
      waitMs: f.note(
        'How long to wait for a change; 0 when absent. The request’s own deadline must lie behind it',
        f.optional(f.integer(0, limits.watchMsMax)),
      ),
      limit: f.note('Most changes; 1000 when absent', f.optional(f.integer(1, limits.feedBatchMax))),
    },
    response: {
      changes: f.note(
        'In the order in which they became known, those of one agent in its order',
        f.list(
          f.map({
            key: f.note('The key', f.keyText),
            versionId: f.note('Id of the version', f.versionIdText),
            kind,
            type: changeType,
            createdAt: f.note('Hybrid time of the version', f.hybridTime),
          }),
          limits.feedBatchMax,
        ),
      ),
      cursor: f.note('Where the next batch begins', f.token),
      reset: f.note(
        'The cursor of the request could not be gone on from, and the new one is of now: read by listing, after this answer, what was missed',
        f.optional(f.boolean),
      ),
      more: f.note('More changes wait: ask at once', f.optional(f.boolean)),
    },
  }),
  fetchChanges: define({
    doc: 'A part of the log in which an agent numbers its changes: those of a bucket behind a position, or since a time. With neither, only where the log stands. From every agent, whatever it owns.',
    frame: 'FETCH',
    op: 'changes',
    from: ['server'],
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: {
      bucketId,
      prefix: f.note('Only keys that begin with this; may be empty', f.storedPrefix),
      after: f.note('Position behind which to read', f.optional(f.integer())),
      since: f.note(
        'Instead of `after`: read from the first change that was noted at this hybrid time or later',
        f.optional(f.hybridTime),
      ),
      limit: f.note('Most changes', f.integer(1, limits.feedPageMax)),
      time: senderTime,
    },
    response: {
      time: senderTime,
      logId: f.note('Which log it is: another id, and positions mean nothing', logId),
      first: f.note(
        'Position of the oldest change that is kept; 1 more than `last` where none is',
        f.integer(1),
      ),
      last: lastPosition,
      from: f.note(
        'Position behind which was read: `after`, or what `since` came to, or `last`',
        f.integer(),
      ),
      position: f.note('Up to which position was looked', f.integer()),
      changes: f.note(
        'Changes of the bucket and prefix, in order. None where `after` lies beyond `last` or before what is kept',
        f.list(
          f.map({
            position: f.note('Its number in the log', f.integer(1)),
            key: f.note('The key', f.storedKey),
            versionId: f.note('Id of the version', f.versionIdText),
            kind,
            type: changeType,
            createdAt: f.note('Hybrid time of the version', f.hybridTime),
            loggedAt: f.note('Hybrid time of the agent when it noted the change', f.hybridTime),
          }),
          limits.feedPageMax,
        ),
      ),
    },
  }),
  fetchChangesTail: define({
    doc: 'Waits until the log of an agent is longer than told, and says how far it reaches then.',
    frame: 'FETCH',
    op: 'changes-tail',
    from: ['server'],
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: {
      logId: f.note('The log that `after` is of', f.optional(logId)),
      after: f.note(
        'End of the log as the sender knows it; absent = answers at once',
        f.optional(f.integer()),
      ),
      waitMs: f.note('How long to wait at most', f.integer(0, limits.tailMsMax)),
    },
    response: {
      logId: f.note('Which log it is', logId),
      last: lastPosition,
      buckets: f.note(
        'Ids of the buckets that changed behind `after`; absent = too many to tell, or the log is another one',
        f.optional(f.list(bucketId, limits.tailBucketsMax)),
      ),
    },
  }),
} as const
