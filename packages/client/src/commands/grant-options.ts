import { allBuckets, type Grant, grants } from '@torc/protocol/messages/access'
import { parseBucket } from './target.js'

/** What is granted, or taken away. */
export const grantOptions = {
  read: { type: 'boolean', doc: 'To read: get, head, ls, log, fetch, tags' },
  write: { type: 'boolean', doc: 'To write: put, post, rm, cp to it, uploads, policies of keys' },
  owner: { type: 'boolean', doc: 'To own: settings, policy and grants of the bucket, rb; of all: mb' },
} as const

export const grantBucketArgument = {
  label: 'BUCKET',
  kind: 'bucket',
  required: true,
  doc: "A bucket, or '*' for all, also those that are made later (quote it)",
} as const

export function chosenGrants(options: Readonly<Record<Grant, boolean>>): Grant[] {
  return grants.filter(grant => options[grant])
}

export function parseGrantBucket(text: string): string {
  return text === allBuckets ? allBuckets : parseBucket(text)
}
