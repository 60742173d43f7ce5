import { limits } from '../limits.js'
import { administers } from './access.js'
import * as f from './fields.js'
import { define, interactive, noBodies, strings, users } from './message.js'

const zone = f.text(64)
const agents = <const T>(field: f.Field<T>) => f.list(field, limits.membersMax)

/** Changes of the layout that wait for `apply`. */
export const layoutChanges = {
  base: f.note('Number of the layout that they were made for', f.integer()),
  assign: f.note(
    'Agents that are taken in or changed',
    agents(f.map({ id: f.nodeId, zone, capacity: f.integer() })),
  ),
  remove: f.note(
    'Agents that are relieved of everything; `dead` = gone for good, nobody waits for what only they have',
    agents(f.map({ id: f.nodeId, dead: f.boolean })),
  ),
  replicas: f.note('Number of owners of each key (N) from then on', f.optional(f.integer(1, 64))),
}

/** What applying them comes to. */
export const layoutPlan = {
  agents: f.note(
    'Agents of the layout and of the one that is planned, with the partitions that each owns, takes over and is relieved of',
    agents(
      f.map({
        id: f.nodeId,
        zone,
        capacity: f.integer(),
        before: f.integer(),
        after: f.integer(),
        gains: f.integer(),
        loses: f.integer(),
      }),
    ),
  ),
  replicas: f.note('Number of owners of each key (N)', f.integer(1, 64)),
  moved: f.note('Replicas of partitions that get another owner', f.integer()),
  movedMin: f.note('The fewest that any layout of these agents would move', f.integer()),
  bytes: f.note('About how many bytes that is', f.integer()),
  absentMax: f.note('Owners of a partition that the change can go without', f.integer()),
  notes: f.note('What is worth knowing, in plain words', f.list(f.text(4096), 1024)),
  problems: f.note('Why it cannot be applied, in plain words', f.list(f.text(4096), 1024)),
}

/** How far an agent is in the change to the layout. */
export const layoutProgress = {
  id: f.note('Node id', f.nodeId),
  epoch: f.note('Number of its layout', f.integer()),
  stage: f.note('Stage of the change to it', f.integer(1, 3)),
  left: f.note('Partitions that it has to take over still', f.integer()),
  total: f.note('Partitions that it had to take over', f.integer()),
  leftovers: f.note('Partitions of which it may hold what it was relieved of', f.integer()),
  bytes: f.note('Bytes that it has taken over', f.integer()),
  error: f.note('Why it could not be asked', f.optional(f.text(4096))),
}

const layout = {
  epoch: f.note('Number of the layout', f.integer()),
  partitions: f.note('Number of partitions', f.integer()),
  replicas: f.note('Number of owners of each key (N)', f.integer()),
  agents: f.note(
    'The agents of the layout',
    agents(f.map({ id: f.nodeId, zone, capacity: f.integer(), partitions: f.integer() })),
  ),
  stage: f.note(
    'Stage of the change to it: 1 = old owners are read, 2 = new ones are, 3 = settled; absent = 3',
    f.optional(f.integer(1, 3)),
  ),
  changes: f.note('Changes that wait for `apply`', f.optional(f.map(layoutChanges))),
  plan: f.note('What applying them comes to', f.optional(f.map(layoutPlan))),
  progress: f.note(
    'Agents that have something to take over or to hand over, or cannot be asked',
    f.optional(agents(f.map(layoutProgress))),
  ),
}

/** What operators do with the layout. */
export const layoutOperations = {
  initLayout: define({
    doc: 'Makes the first layout over the agents that are there.',
    frame: 'PUT',
    op: 'layout',
    from: users,
    access: administers,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      agents: f.note(
        'Refuse unless exactly this many agents are there',
        f.optional(f.integer(1, limits.membersMax)),
      ),
      replicas: f.note('Number of owners of each key (N)', f.optional(f.integer(1, 64))),
      partitions: f.note(
        'Number of partitions: a power of two; 256 when absent',
        f.optional(f.integer(1, 65_536)),
      ),
    },
    response: {
      epoch: f.note('Number of the layout', f.integer()),
      agents: f.note('The agents of the layout', strings(limits.membersMax)),
      replicas: f.note('Number of owners of each key (N)', f.integer()),
      partitions: f.note('Number of partitions', f.integer()),
    },
  }),
  getLayout: define({
    doc: 'The layout in force, how far the change to it is, and changes that wait.',
    frame: 'GET',
    op: 'layout',
    from: users,
    access: administers,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {},
    response: layout,
  }),
  stageLayout: define({
    doc: 'Adds to the changes of the layout that wait for `apply`. CONFLICT where those that wait are for an older layout.',
    frame: 'PUT',
    op: 'layout-changes',
    from: users,
    access: administers,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      assign: f.note(
        'Agents to take in or to change; absent fields are what the agent says of itself, or the layout of it',
        f.optional(
          agents(f.map({ id: f.nodeId, zone: f.optional(zone), capacity: f.optional(f.integer(1)) })),
        ),
      ),
      remove: f.note('Agents to relieve of everything', f.optional(layoutChanges.remove)),
      replicas: layoutChanges.replicas,
    },
    response: layout,
  }),
  cancelLayout: define({
    doc: 'Forgets the changes of the layout that wait.',
    frame: 'DELETE',
    op: 'layout-changes',
    from: users,
    access: administers,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {},
    response: layout,
  }),
  applyLayout: define({
    doc: 'Makes the changes that wait the next layout, decided by a majority of the agents of this one. CONFLICT where another one was decided.',
    frame: 'POST',
    op: 'layout',
    from: users,
    access: administers,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      epoch: f.note('Refuse unless this is the number of the next layout', f.optional(f.integer(1))),
      acceptLoss: f.note(
        'Go on although acknowledged writes may be lost with agents that are gone for good',
        f.optional(f.boolean),
      ),
    },
    response: layout,
  }),
  recoverLayout: define({
    doc: 'Begins anew with the agents that are left, where a majority of the layout’s agents is gone for good and nobody can decide: a layout of a new lineage. BAD_REQUEST, with what may be lost, without `acceptLoss`.',
    frame: 'PUT',
    op: 'layout-recovery',
    from: users,
    access: administers,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: { acceptLoss: f.note('What may be lost is accepted', f.optional(f.boolean)) },
    response: layout,
  }),
} as const
