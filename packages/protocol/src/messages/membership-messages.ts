import { limits } from '../limits.js'
import * as f from './fields.js'
import { define, gossipedMember, noBodies, nodes } from './message.js'

const changes = f.note(
  'News of members that the sender has not told often yet, and what it thinks of the receiver if that is not `alive`',
  f.list(f.map(gossipedMember), limits.memberChangesMax),
)
const members = f.note('The nodes as the sender knows them', f.list(f.map(gossipedMember), limits.membersMax))
const epoch = f.note('Number of the layout', f.integer(0))

/** What nodes tell each other of who is there (SWIM). */
export const membershipMessages = {
  gossip: define({
    doc: 'Exchange of all that both know of the members.',
    frame: 'GOSSIP',
    op: 'members',
    from: nodes,
    to: nodes,
    priority: 'background',
    idempotent: true,
    ...noBodies,
    request: {
      members,
      epoch,
      joining: f.note(
        'The sender starts and asks to be taken in. CONFLICT where another process still answers under its id, or under its name if it is an agent',
        f.optional(f.boolean),
      ),
    },
    response: { members, epoch },
  }),
  probe: define({
    doc: 'Are you there? News of members ride on it and on its answer.',
    frame: 'GOSSIP',
    op: 'probe',
    from: nodes,
    to: nodes,
    priority: 'interactive',
    idempotent: true,
    ...noBodies,
    request: { changes, epoch },
    response: { changes, epoch },
  }),
  probeFor: define({
    doc: 'Asks a node to probe a third one, which the sender did not reach.',
    frame: 'GOSSIP',
    op: 'probe-for',
    from: nodes,
    to: nodes,
    priority: 'interactive',
    idempotent: true,
    ...noBodies,
    request: {
      id: f.note('The one to be probed', f.nodeId),
      address: f.note('Where the sender knows it', f.text(300, 1)),
      patienceMs: f.note('How long it may take to answer', f.integer(1, limits.probeForMsMax)),
    },
    response: { answered: f.note('It answered in time', f.boolean) },
  }),
} as const
