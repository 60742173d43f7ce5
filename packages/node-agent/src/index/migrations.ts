/**
 * Tables of an agent's index. A key's row holds its summary (context, heads, counts) and the inline body of its
 * latest head, so that the first PUT of a key writes one row (decision 6); every other version has a row in
 * `versions`, the other heads among them. Rowid tables with unique indexes: WITHOUT ROWID took 17,500 rows/s of
 * 1 KiB where these took 51,000. Binary records carry their own schema version.
 */
const version1 = `
CREATE TABLE keys (
  id INTEGER PRIMARY KEY,
  bucket BLOB NOT NULL,
  key BLOB NOT NULL,
  partition INTEGER NOT NULL,
  summary BLOB NOT NULL,
  body BLOB
);
CREATE UNIQUE INDEX keys_by_name ON keys (bucket, key);

CREATE TABLE versions (
  id INTEGER PRIMARY KEY,
  key_id INTEGER NOT NULL,
  actor TEXT NOT NULL,
  counter INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  op_id BLOB NOT NULL,
  record BLOB NOT NULL,
  body BLOB
);
CREATE UNIQUE INDEX versions_by_dot ON versions (key_id, actor, counter);
CREATE INDEX versions_by_time ON versions (key_id, created_at);
CREATE INDEX versions_by_operation ON versions (key_id, op_id);

CREATE TABLE actors (
  actor TEXT PRIMARY KEY,
  lease_end INTEGER NOT NULL
);

CREATE TABLE dropped_counters (
  partition INTEGER NOT NULL,
  actor TEXT NOT NULL,
  counter INTEGER NOT NULL,
  PRIMARY KEY (partition, actor)
);

CREATE TABLE blocks (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL,
  size INTEGER NOT NULL
);
CREATE UNIQUE INDEX blocks_by_hash ON blocks (hash);

CREATE TABLE block_references (
  id INTEGER PRIMARY KEY,
  block_id INTEGER NOT NULL,
  op_id BLOB NOT NULL,
  bucket BLOB NOT NULL
);
CREATE UNIQUE INDEX block_references_by_block ON block_references (block_id, op_id, bucket);

CREATE TABLE epochs (
  number INTEGER PRIMARY KEY,
  hash BLOB NOT NULL,
  record BLOB NOT NULL
);

CREATE TABLE counts (
  keys INTEGER NOT NULL,
  versions INTEGER NOT NULL,
  blocks INTEGER NOT NULL,
  block_bytes INTEGER NOT NULL
);
INSERT INTO counts VALUES (0, 0, 0, 0);

CREATE TABLE membership (incarnation INTEGER NOT NULL);
INSERT INTO membership VALUES (0);

CREATE TABLE directory (
  node_id TEXT NOT NULL,
  closed INTEGER NOT NULL
);
`

/** The versions that a key lost last, so that a reader of one of them is told how it went (see `removals.ts`). */
const version2 = `
CREATE TABLE removals (
  key_id INTEGER PRIMARY KEY,
  operations BLOB NOT NULL
);
`

/**
 * The damage that was found of a block, in its row, so that it goes with the row (`block-index.ts`), and how far
 * the scrub is (`scrub-row.ts`). The index holds damaged blocks only: writing sound ones does not touch it.
 */
const version3 = `
ALTER TABLE blocks ADD COLUMN damage INTEGER NOT NULL DEFAULT 0;
CREATE INDEX blocks_by_damage ON blocks (damage, id) WHERE damage != 0;

CREATE TABLE scrub (
  pass INTEGER NOT NULL,
  asked INTEGER NOT NULL,
  began_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  position INTEGER NOT NULL,
  last INTEGER NOT NULL,
  blocks INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  bytes_total INTEGER NOT NULL,
  found INTEGER NOT NULL,
  repaired INTEGER NOT NULL,
  repaired_ever INTEGER NOT NULL
);
INSERT INTO scrub VALUES (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
`

/**
 * References become leases (`leases/lease-index.ts`): one row for each operation, with its key, and one for each of
 * its blocks. Those of before have no key (empty) and are due when a release names them. A block without references
 * has the time at which it lost the last one. Intents and releases: `leases/intents.ts`, `leases/release-queue.ts`.
 */
const version4 = `
CREATE TABLE leases (
  id INTEGER PRIMARY KEY,
  op_id BLOB NOT NULL,
  bucket BLOB NOT NULL,
  key BLOB NOT NULL,
  state INTEGER NOT NULL,
  due_at INTEGER NOT NULL
);
INSERT INTO leases (op_id, bucket, key, state, due_at)
  SELECT DISTINCT op_id, bucket, x'', 0, 9007199254740991 FROM block_references;
CREATE UNIQUE INDEX leases_by_operation ON leases (op_id, bucket, key);
CREATE INDEX leases_by_time ON leases (due_at, id);

CREATE TABLE lease_blocks (
  block_id INTEGER NOT NULL,
  lease_id INTEGER NOT NULL,
  PRIMARY KEY (block_id, lease_id)
) WITHOUT ROWID;
INSERT INTO lease_blocks (block_id, lease_id)
  SELECT block_id, leases.id FROM block_references
  JOIN leases ON leases.op_id = block_references.op_id AND leases.bucket = block_references.bucket;
CREATE INDEX lease_blocks_by_lease ON lease_blocks (lease_id);
DROP TABLE block_references;

ALTER TABLE blocks ADD COLUMN unreferenced_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX blocks_by_unreferenced ON blocks (unreferenced_at) WHERE unreferenced_at != 0;

CREATE TABLE intents (
  id INTEGER PRIMARY KEY,
  op_id BLOB NOT NULL,
  bucket BLOB NOT NULL,
  key BLOB NOT NULL,
  renewed_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX intents_by_operation ON intents (op_id, bucket, key);
CREATE INDEX intents_by_time ON intents (renewed_at);

CREATE TABLE releases (
  id INTEGER PRIMARY KEY,
  agent TEXT NOT NULL,
  op_id BLOB NOT NULL,
  bucket BLOB NOT NULL,
  key BLOB NOT NULL
);
CREATE INDEX releases_by_agent ON releases (agent, id);
`

/**
 * Bytes of bodies (`body-bytes.ts`) and of the files of blocks, and how a block is stored (`block-encoding.ts`). Those of
 * before are stored as they are: `stored_size` is NULL where the file is as long as the block.
 */
const version5 = `
ALTER TABLE blocks ADD COLUMN encoding INTEGER NOT NULL DEFAULT 0;
ALTER TABLE blocks ADD COLUMN stored_size INTEGER;

ALTER TABLE counts ADD COLUMN body_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE counts ADD COLUMN inline_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE counts ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE counts SET stored_bytes = block_bytes;
`

/**
 * Whom this agent stands in for (`hints/`): the owners that lack something of a key's state, and of the references to
 * blocks, that lie in the tables of before. Ids are never used twice: they are the order of delivery. A key's name is
 * here too, so that listing the few keys with hints of a large bucket does not read the others.
 */
const hintsForOthers = `
CREATE TABLE hints (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  target TEXT NOT NULL,
  key_id INTEGER NOT NULL,
  bucket BLOB NOT NULL,
  key BLOB NOT NULL,
  partition INTEGER NOT NULL,
  bytes INTEGER NOT NULL
);
CREATE UNIQUE INDEX hints_by_key ON hints (key_id, target);
CREATE INDEX hints_by_target ON hints (target, id);
CREATE INDEX hints_by_name ON hints (bucket, key, key_id);

CREATE TABLE block_hints (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  target TEXT NOT NULL,
  block_id INTEGER NOT NULL,
  lease_id INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  bytes INTEGER NOT NULL
);
CREATE UNIQUE INDEX block_hints_by_lease ON block_hints (lease_id, block_id, target);
CREATE INDEX block_hints_by_target ON block_hints (target, id);

CREATE TABLE delivered_keys (
  key_id INTEGER PRIMARY KEY,
  due_at INTEGER NOT NULL
);
CREATE INDEX delivered_keys_by_time ON delivered_keys (due_at);
`

/**
 * Ends of leases of counters that this agent keeps for the others (`actors/kept-leases.ts`), and the note that the disk
 * proved to be an old copy: under which layout, and why (`layout/agent-layout.ts`).
 */
const countersLeasedAtMajority = `
CREATE TABLE counter_leases (
  id INTEGER PRIMARY KEY,
  agent TEXT NOT NULL,
  actor TEXT NOT NULL,
  lease_end INTEGER NOT NULL
);
CREATE UNIQUE INDEX counter_leases_by_actor ON counter_leases (agent, actor);

CREATE TABLE restored (
  epoch INTEGER NOT NULL,
  reason TEXT NOT NULL
);
`

/**
 * Hash trees over key states and over references to blocks (`trees/agent-trees.ts`). `position`: the first bits of the
 * hash of a key's bucket and name, by which the keys of a leaf are found; NULL where it is not filled in yet, as in
 * indexes of before. `tree_changes` is what changed since the leaves were written (`trees/leaf-log.ts`), `tree_shape` says
 * what they were made for, and `bucket_replicas` how many owners hold a
 * bucket's keys and blocks. The trees are made anew from the rows where the shape is another one, as at first.
 */
const hashTrees = `
ALTER TABLE keys ADD COLUMN position INTEGER;
CREATE INDEX keys_by_position ON keys (position);

CREATE TABLE tree_leaves (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL
);
CREATE TABLE tree_changes (
  id INTEGER PRIMARY KEY,
  leaves BLOB NOT NULL
);
CREATE TABLE tree_shape (
  partitions INTEGER NOT NULL,
  replicas INTEGER NOT NULL
);
INSERT INTO tree_shape VALUES (0, 0);

CREATE TABLE bucket_replicas (
  bucket BLOB PRIMARY KEY,
  replicas INTEGER NOT NULL
) WITHOUT ROWID;
`

/**
 * Ballots of keys that were written under a condition (`consensus/ballot-rows.ts`), apart from the key states: what
 * this agent promised, what it accepted last (NULL before), how many owners the key has (NULL: all), and the last dot that it handed out for the key.
 * `learned`: what was accepted last is in the key's state, and its content (version, body) gone from here.
 */
const ballots = `
CREATE TABLE ballots (
  id INTEGER PRIMARY KEY,
  bucket BLOB NOT NULL,
  key BLOB NOT NULL,
  partition INTEGER NOT NULL,
  replicas INTEGER,
  promised BLOB NOT NULL,
  accepted BLOB,
  accepted_at INTEGER NOT NULL DEFAULT 0,
  proposal BLOB,
  body BLOB,
  learned INTEGER NOT NULL DEFAULT 1,
  actor TEXT NOT NULL DEFAULT '',
  counter INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX ballots_by_name ON ballots (bucket, key);
CREATE INDEX ballots_by_partition ON ballots (partition, id);
CREATE INDEX ballots_unlearned ON ballots (accepted_at) WHERE learned = 0;
`

/**
 * The part of this agent in changes of the layout (`layout/layout-rows.ts`): the stage of the newest one; partitions that
 * it owns and has not taken over, with the place from which on it holds what more owners hold; partitions that it was
 * relieved of and still holds something of; agents of which that may be so. `epoch_ballots`: its vote on the layout
 * after the newest (`layout/epoch-ballots.ts`).
 */
const transitions = `
CREATE TABLE layout_stage (
  number INTEGER NOT NULL,
  stage INTEGER NOT NULL
);
CREATE TABLE unsynced (
  partition INTEGER PRIMARY KEY,
  held INTEGER NOT NULL
);
CREATE TABLE leftovers (partition INTEGER PRIMARY KEY);
CREATE TABLE draining (agent TEXT PRIMARY KEY) WITHOUT ROWID;

CREATE TABLE epoch_ballots (
  number INTEGER PRIMARY KEY,
  promised BLOB NOT NULL,
  accepted BLOB,
  proposal BLOB
);
`

/**
 * Collection of what is left of removed keys (`remainders/`): the collection number of each partition, and the keys of
 * which no version is here; `hidden`: left out of the hash trees, as it is being collected.
 */
const remainders = `
CREATE TABLE collections (
  partition INTEGER PRIMARY KEY,
  number INTEGER NOT NULL
);

CREATE TABLE remainders (
  id INTEGER PRIMARY KEY,
  bucket BLOB NOT NULL,
  key BLOB NOT NULL,
  partition INTEGER NOT NULL,
  since INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  hidden INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX remainders_by_name ON remainders (bucket, key);
CREATE INDEX remainders_by_time ON remainders (due_at, partition);
`

/**
 * Versions that came and went, in the order in which they did (`feed/change-log.ts`), and the id of this log. `what`: 0, 1
 * an object or a marker was added, 2, 3 the same was removed. No second index: it is read by position only.
 */
const changeLog = `
CREATE TABLE changes (
  position INTEGER PRIMARY KEY,
  bucket BLOB NOT NULL,
  key BLOB NOT NULL,
  op_id BLOB NOT NULL,
  what INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  logged_at INTEGER NOT NULL
);
CREATE TABLE change_log (id BLOB NOT NULL);
`

/** Step n brings a database of version n to n + 1. Append only. */
export const migrations: readonly string[] = [
  ...[version1, version2, version3, version4, version5],
  ...[hintsForOthers, countersLeasedAtMajority, hashTrees, ballots, transitions, remainders],
  changeLog,
]
