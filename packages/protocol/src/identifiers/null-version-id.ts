/**
 * Stands for the newest null version of a key where a version is named: S3's `null`. (It could also begin some version
 * ids, one in a million; those are named by more of them.)
 */
export const nullVersionId = 'null'
