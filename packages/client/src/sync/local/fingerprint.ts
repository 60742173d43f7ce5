import type { BigIntStats } from 'node:fs'
import type { Fingerprint } from '../trees/entry.js'

/** Coarsest times that file systems keep: 2 s on FAT, a tick of the kernel (some ms) on others. */
const grainNs = 2_000_000_000n

/** The owner may execute it. */
export function isExecutable({ mode }: BigIntStats): boolean {
  return (mode & 0o100n) !== 0n
}

/** Milliseconds with a fraction. */
export function mtimeMsOf({ mtimeNs }: BigIntStats): number {
  return Number(mtimeNs) / 1e6
}

/** That of a folder is its inode alone: its times change with each file in it. */
export function fingerprintOf(stats: BigIntStats): Fingerprint {
  if (stats.isDirectory()) return `d.${stats.ino.toString(36)}`
  return [...lasting(stats), stats.ctimeNs.toString(36)].join('.')
}

/** What stays as it is when a file gets another name: all but the time at which its inode changed. */
function lasting(stats: BigIntStats): string[] {
  const kind = stats.isSymbolicLink() ? 'l' : 'f'
  const numbers = [stats.ino, stats.size, stats.mtimeNs].map(number => number.toString(36))
  return [kind, ...numbers, isExecutable(stats) ? '1' : '0']
}

/**
 * A file that was written just before it was looked at can be written again within the same tick of the file system's
 * clock: its times (that of its inode too, which nobody can set, but which has the same grain) and its size stay what
 * they are then, and the second write is never seen. Git calls such an entry racily clean. Its fingerprint carries the
 * hash of what was read, and is good only as long as that is compared too. To hide a write, both times must be young:
 * a file that we wrote has the old time that came with it, so whoever writes it later gives it another.
 */
export function marked(stats: BigIntStats, nowNs: bigint, sha256: string): Fingerprint {
  const fingerprint = fingerprintOf(stats)
  const young = stats.mtimeNs > nowNs - grainNs && stats.ctimeNs > nowNs - grainNs
  return young ? `${fingerprint}~${sha256}` : fingerprint
}

/** The hash that must be compared beside the fingerprint; undefined where that one is enough. */
export function hashIn(fingerprint: Fingerprint): string | undefined {
  return fingerprint.split('~')[1]
}

/** Whether a file looks as it did. Where the fingerprint holds a hash, that must be compared too. */
export function looksLike(stats: BigIntStats, fingerprint: Fingerprint): boolean {
  return fingerprintOf(stats) === fingerprint.split('~')[0]
}

/** As `looksLike`, for a file that was given another name since: that changes the time of its inode. */
export function looksLikeMoved(stats: BigIntStats, fingerprint: Fingerprint): boolean {
  return lasting(stats).join('.') === fingerprint.split('~')[0]?.split('.').slice(0, 5).join('.')
}
