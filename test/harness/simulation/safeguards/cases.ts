import type { SafeguardCase } from './safeguard-case.js'

/**
 * The links of one server fail, and it dies at times; the other one, which takes over from it, reaches the owner and who
 * stands in for it. An owner that is alone is told by nobody of what the stand-in made.
 */
const handedOver: SafeguardCase['options'] = {
  ...{ agents: 2, replicas: 1, sloppy: true, faultyServers: ['server-1'] },
  ...{ load: 'small', clients: 4, operations: 60 },
  ...{ faults: ['partition', 'slow link', 'slow link', 'crash server'], faultsAtOnce: 5 },
}

/**
 * For each rule a cluster, a load and faults under which its absence shows within a few seeds. Whether a case still
 * bites is what `safeguards.test.ts` asserts: a change of the loads or the faults may call for other seeds here.
 */
export const safeguardCases: readonly SafeguardCase[] = [
  {
    without: 'fsync before the answer',
    shows: 'a power loss takes writes that were acknowledged',
    options: { faults: ['power loss'], faultsAtOnce: 1 },
    seedsMax: 5,
  },
  {
    without: 'dots tell their gaps',
    shows: 'who has a later version passes an earlier one off as removed',
    options: {},
    seedsMax: 10,
  },
  {
    without: 'removed for good',
    shows: 'repair brings back what was purged while an owner was away',
    options: {
      ...{ load: 'purges', clients: 4, operations: 60 },
      ...{ faults: ['crash agent', 'hold'], faultsAtOnce: 2 },
    },
    seedsMax: 5,
    found: 3,
  },
  {
    without: 'one operation is shown once',
    shows: 'a write that was tried again elsewhere is its own sibling',
    options: {
      ...{ load: 'small', clients: 4, operations: 80 },
      ...{ faults: ['partition', 'slow link', 'one-way partition'], faultsAtOnce: 4 },
    },
    seedsMax: 20,
  },
  {
    without: 'retries look first',
    shows: 'a write that was made already is made again, and an attempt of it comes after the answer',
    options: {
      ...handedOver,
      ...{ agents: 3, clients: 10, operations: 80 },
      ...{ faults: ['partition', 'slow link', 'crash server', 'reset client'], faultsAtOnce: 7 },
    },
    noLateTwins: true,
    seedsMax: 80,
    found: 24,
  },
  {
    without: 'looks fence earlier attempts',
    shows: 'an attempt comes after whoever looked for it was told that there is none',
    options: handedOver,
    noLateTwins: true,
    seedsMax: 80,
    found: 22,
  },
  {
    without: 'old disks take no part',
    shows: 'an old copy of a disk brings back what was purged, and uses dots again',
    options: {
      ...{ agents: 3, clients: 4, operations: 60, rate: 10, load: 'purges', long: true },
      ...{ faults: ['restore disk', 'partition', 'split'], faultsAtOnce: 3, faultsLastMs: 20_000 },
    },
    seedsMax: 40,
    found: 6,
  },
  {
    without: 'open proposals first',
    shows: 'a proposal that was chosen is passed over, and its version comes as a sibling',
    options: {
      ...{ load: 'conditions', clients: 6, operations: 40 },
      ...{ faults: ['slow link', 'reset'], faultsAtOnce: 4 },
    },
    seedsMax: 20,
  },
  {
    without: 'older layouts are refused',
    shows: 'who missed a change of the layout writes to an owner that others have taken over from',
    options: {
      ...{ layouts: true, agents: 3, replicas: 1, partitions: 256 },
      ...{ load: 'small', clients: 10, operations: 30, faults: ['slow link'], faultsAtOnce: 8 },
    },
    seedsMax: 60,
    found: 23,
  },
  {
    without: 'new owners take over first',
    shows: 'a new owner answers readers and has nothing',
    options: {
      ...{ layouts: true, agents: 4, replicas: 2, readQuorum: 1 },
      ...{ load: 'small', clients: 6, faults: [] },
    },
    seedsMax: 10,
    found: 4,
  },
  {
    without: 'intent before references',
    shows: 'an audit drops the blocks of an upload that is under way',
    options: { load: 'blocks', faults: ['slow link', 'hold'], faultsAtOnce: 3 },
    seedsMax: 15,
  },
  {
    without: 'condemn before asking',
    shows: 'an audit that asked before a release undoes it, and its leases stay',
    options: { load: 'blocks', faults: ['slow link'], faultsAtOnce: 4 },
    seedsMax: 15,
    found: 2,
  },
  {
    without: 'ballots are durable',
    shows: 'two proposals win, as who promised and accepted has forgotten it',
    options: {
      ...{ load: 'conditions', clients: 6, operations: 40 },
      ...{ faults: ['crash agent', 'slow link', 'slow link'], faultsAtOnce: 6, faultsLastMs: 300 },
    },
    seedsMax: 40,
    found: 3,
  },
  {
    without: 'decisions are remembered',
    shows: 'a retry of a write that took place is told that its condition failed',
    options: {
      ...{ load: 'conditions', clients: 6, operations: 40 },
      ...{ faults: ['reset client', 'hold client'], faultsAtOnce: 6 },
    },
    seedsMax: 15,
  },
  {
    without: 'readers ask hint holders',
    shows: 'an answer that is not called degraded lacks what a stand-in took',
    options: {
      ...{ agents: 4, replicas: 1, sloppy: true, servers: 1 },
      ...{ load: 'small', operations: 60, faults: ['crash agent'], faultsAtOnce: 3 },
    },
    seedsMax: 15,
    found: 2,
  },
  {
    without: 'reads write back',
    shows: 'a read shows less than one before it: what one owner alone has is seen, and then is not',
    options: {
      ...{ agents: 3, servers: 1, load: 'registers', clients: 10, operations: 200, rate: 20, long: true },
      ...{ faults: ['turn about'], faultsAtOnce: 1, faultsLastMs: 2000 },
    },
    seedsMax: 60,
    found: 12,
  },
  {
    without: 'compare twice',
    shows: 'what is only late is repaired as if it were missing',
    options: {
      ...{ load: 'reads', clients: 1, operations: 60, comparing: true },
      ...{ faults: ['slow link'], faultsAtOnce: 1 },
    },
    seedsMax: 10,
  },
  {
    without: 'hints are durable',
    shows: 'a stand-in that was started again keeps what nobody asks it for',
    options: { agents: 5, sloppy: true, faults: ['crash agent'], faultsAtOnce: 3 },
    seedsMax: 15,
    found: 3,
  },
  {
    without: 'collections fence writes',
    shows: 'a delta that comes after the collection of its key brings a purged version back',
    options: {
      ...{ load: 'purges', clients: 8, operations: 60, remainderMs: 20 },
      ...{ faults: ['hold'], faultsAtOnce: 3 },
    },
    seedsMax: 80,
    found: 38,
  },
  {
    without: 'recount before a block goes',
    shows:
      'a block goes under a write that referred to it between the look for blocks nobody needs and the commit',
    options: {
      ...{ agents: 1, replicas: 1, servers: 1, load: 'shared', clients: 5, operations: 14 },
      ...{ faults: ['slow disk'], faultsAtOnce: 2, faultsLastMs: 4000 },
    },
    seedsMax: 80,
    found: 38,
  },
]
