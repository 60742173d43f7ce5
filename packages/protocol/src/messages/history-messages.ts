import { limits } from '../limits.js'
import { reads, writes } from './access.js'
import * as f from './fields.js'
import { define, interactive, noBodies, objectName, policyNote, users } from './message.js'

/** What clients ask about the history of an object, and set beside it. */
export const historyMessages = {
  getHistory: define({
    doc: 'All versions of a key, newest first, with what each covers.',
    frame: 'FETCH',
    op: 'history',
    from: users,
    access: reads,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      ...objectName,
      limit: f.note('At most so many versions; all when absent', f.optional(f.integer(1))),
    },
    response: {
      versions: f.note(
        'Versions, each after those that cover it',
        f.list(
          f.map({
            versionId: f.note('Id of the version', f.versionIdText),
            kind: f.note('An object, or a marker that says "deleted"', f.oneOf('object', 'marker')),
            size: f.note('Bytes of the body', f.integer()),
            etag: f.note('Opaque tag of the content', f.text(128)),
            contentType: f.note('Media type, free text; empty = none', f.contentType),
            createdAt: f.note('Hybrid time of the write', f.hybridTime),
            seq: f.note('1 + the greatest that it covers', f.integer()),
            actor: f.note('Actor of its dot', f.text(16)),
            counter: f.note('Counter of its dot', f.integer()),
            mintedBy: f.note('Agent that minted it, where it is known', f.optional(f.nodeId)),
            isLatest: f.note('It is the latest head', f.boolean),
            isHead: f.note('No other version covers it', f.boolean),
            isNull: f.note('It is a null version; absent = it is not', f.optional(f.boolean)),
            parents: f.note(
              'Ids of the versions that it covers and no other that it covers does',
              f.list(f.versionIdText, 1024),
            ),
          }),
          limits.listLimitMax,
        ),
      ),
    },
  }),
  getPolicy: define({
    doc: 'The retention policy in force for a key, a bucket or the cluster, and what it would remove.',
    frame: 'GET',
    op: 'policy',
    from: users,
    access: [
      { needs: 'some', of: 'bucket', unless: 'key' },
      { needs: 'read', of: 'bucket', when: 'key' },
    ],
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket; absent = the policy of the cluster', f.optional(f.bucketName)),
      key: f.note('The key; absent = the policy of the bucket', f.optional(f.keyText)),
    },
    response: {
      policy: f.note('Policy in force', f.text(256)),
      from: f.note('Whose it is', f.oneOf('object', 'bucket', 'cluster', 'default')),
      own: f.note('What the target itself says', f.text(256)),
      versions: f.note('Of a key: versions that there are', f.optional(f.integer())),
      next: f.note(
        'Of a key: versions that the next PUT would remove, oldest first',
        f.optional(
          f.list(f.map({ versionId: f.versionIdText, createdAt: f.hybridTime, size: f.integer() }), 8192),
        ),
      ),
    },
  }),
  setPolicy: define({
    doc: 'Sets the retention policy of a key (which needs a version), a bucket or the cluster. Nothing is removed before the next PUT.',
    frame: 'PUT',
    op: 'policy',
    from: users,
    access: [
      { needs: 'owner', of: 'bucket', unless: 'key' },
      // A PUT may set it too.
      { needs: 'write', of: 'bucket', when: 'key' },
      { needs: 'admin', unless: 'bucket' },
    ],
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket; absent = the policy of the cluster', f.optional(f.bucketName)),
      key: f.note('The key; absent = the policy of the bucket', f.optional(f.keyText)),
      policy: f.note(policyNote, f.text(256, 1)),
    },
    response: {},
  }),
  getTags: define({
    doc: 'The tags of a version: the latest head, or the one that is named.',
    frame: 'GET',
    op: 'tags',
    from: users,
    access: reads,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      ...objectName,
      versionId: f.note("A version's id or a unique prefix of it, or `null`", f.optional(f.versionIdText)),
    },
    response: {
      versionId: f.note('Id of the version', f.versionIdText),
      tags: f.note('Names and values, by name', f.tags),
    },
  }),
  setTags: define({
    doc: 'Sets and clears tags of a version; tags that are not named stay. Each is a register of its own: of writes that race the later wins.',
    frame: 'PUT',
    op: 'tags',
    from: users,
    // The answer tells all tags.
    access: [...writes, ...reads],
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      ...objectName,
      versionId: f.note("A version's id or a unique prefix of it, or `null`", f.optional(f.versionIdText)),
      set: f.note('Names and values', f.tags),
      clear: f.note('Names of tags that go', f.list(f.tagName, limits.tagsMax)),
    },
    response: {
      versionId: f.note('Id of the version', f.versionIdText),
      tags: f.note('Names and values, by name', f.tags),
    },
  }),
} as const
