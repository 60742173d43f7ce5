import { limits } from '../limits.js'
import { administers, grants } from './access.js'
import * as f from './fields.js'
import { define, interactive, noBodies, operationId, users } from './message.js'

const accessKey = f.note('Id of the access key', f.accessKeyId)

const grantList = f.list(f.oneOf(...grants), grants.length)

/** What is told of an access key; never its secret. */
const keyFields = {
  accessKey,
  name: f.note('Name for people; may be empty', f.displayName),
  root: f.note('It is derived from the cluster’s secret and may do everything', f.boolean),
  admin: f.note('It may administer the cluster', f.boolean),
  createdAt: f.note('Hybrid time at which it was made; absent of the root key', f.optional(f.hybridTime)),
  grants: f.note(
    'Buckets (`*` = all) and what it may do with them',
    f.list(f.pair(f.bucketOrAll, grantList), limits.grantsMax),
  ),
}

const bucketGrant = {
  accessKey,
  bucket: f.note('The bucket; `*` = all, also those that are made later', f.bucketOrAll),
  grants: f.note('`read`, `write`, `owner`: each stands for itself', grantList),
}

/** Owners of a bucket say who may use it. */
const ownersOrAdmins = [{ needs: 'owner', of: 'bucket', orAdmin: true }] as const

/** What operators, and owners of buckets, ask about access keys. */
export const keyMessages = {
  createAccessKey: define({
    doc: 'Makes an access key, which may do nothing yet (but administer the cluster, where `admin` says so). The same `opId` answers the same key.',
    frame: 'PUT',
    op: 'access-key',
    from: users,
    access: administers,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      opId: operationId,
      name: f.note('Name for people', f.optional(f.displayName)),
      admin: f.note('It may administer the cluster', f.optional(f.boolean)),
    },
    response: {
      ...keyFields,
      secretKey: f.note('Its secret, which is told only here', f.text(64, 1)),
    },
  }),
  getAccessKey: define({
    doc: 'An access key and its grants. KEY_NOT_FOUND where there is none.',
    frame: 'GET',
    op: 'access-key',
    from: users,
    access: [{ needs: 'admin', when: 'accessKey' }],
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: { accessKey: f.note('Absent = the one that asks', f.optional(f.accessKeyId)) },
    response: keyFields,
  }),
  listAccessKeys: define({
    doc: 'One page of the access keys, by id, the root key before all others.',
    frame: 'LIST',
    op: 'access-keys',
    from: users,
    access: administers,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: { after: f.note('Only those after this one', f.optional(f.accessKeyId)) },
    response: {
      keys: f.note('The page', f.list(f.map(keyFields), limits.accessKeysListedMax)),
      more: f.note('Others follow the last one', f.boolean),
    },
  }),
  grantAccess: define({
    doc: 'Lets a key do more with a bucket. Answers all that it may do with it then.',
    frame: 'PUT',
    op: 'access-grant',
    from: users,
    access: ownersOrAdmins,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: bucketGrant,
    response: bucketGrant,
  }),
  revokeAccess: define({
    doc: 'Takes grants on a bucket from a key. Answers what is left of them.',
    frame: 'DELETE',
    op: 'access-grant',
    from: users,
    access: ownersOrAdmins,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: bucketGrant,
    response: bucketGrant,
  }),
  deleteAccessKey: define({
    doc: 'Removes an access key for good; connections that it opened may do nothing any more.',
    frame: 'DELETE',
    op: 'access-key',
    from: users,
    access: administers,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      accessKey,
      retry: f.note('Sent before: a key that is gone is no error', f.optional(f.boolean)),
    },
    response: {},
  }),
  getAccessSecret: define({
    doc: 'The secret of an access key, for a gateway, which checks its users’ signatures itself. A gateway has proved the cluster’s secret, from which it could derive as much; the answer crosses its connection as it is, so that this connection is to be one with TLS where others can listen.',
    frame: 'GET',
    op: 'access-secret',
    from: ['gateway'],
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: { accessKey },
    response: {
      secretKey: f.note('Absent = there is no such key (any more)', f.optional(f.text(64, 1))),
    },
  }),
} as const
