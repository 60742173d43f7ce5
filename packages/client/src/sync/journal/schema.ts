/**
 * The journal's tables. `synced`: what both sides were when they were last equal. `remote`: what the store holds of the names
 * of which it holds something else than what was synced; NULL where it holds nothing. `intents`: uploads that were begun.
 * Step n brings a journal of version n to n + 1. Append only.
 */
const version1 = `
CREATE TABLE facts (
  fact TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE synced (
  name TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size INTEGER NOT NULL,
  executable INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  version_id TEXT,
  context TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE remote (
  name TEXT PRIMARY KEY,
  entry TEXT
) WITHOUT ROWID;

CREATE TABLE intents (
  name TEXT PRIMARY KEY,
  op_id BLOB NOT NULL,
  intent TEXT NOT NULL
) WITHOUT ROWID;
`

/** `arrivals`: what is about to come to the folder from the store. */
const version2 = `
CREATE TABLE arrivals (
  name TEXT PRIMARY KEY,
  arrival TEXT NOT NULL
) WITHOUT ROWID;
`

export const migrations: readonly string[] = [version1, version2]
