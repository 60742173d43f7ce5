import type { Handlers } from '@torc/protocol/exchange/exchange'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { AccessKeyDescription, AccessKeyFlow } from '../access/access-key-flow.js'
import { principalOf } from '../access/principal.js'
import type { ControlCall } from '../buckets/control-store.js'

/**
 * What operators, owners of buckets and gateways ask about access keys. `root`: id of the root key; `secretOf`: as of
 * `RunningServer`.
 */
export function keyHandlers(
  flow: AccessKeyFlow,
  root: string,
  secretOf: (accessKey: string, call: ControlCall) => Promise<string | undefined>,
): Handlers {
  return {
    async createAccessKey({ head, signal }) {
      const { opId, name = '', admin = false } = head
      const made = await flow.create(opId, name, admin, { signal })
      return { head: { ...keyAnswer(made), secretKey: made.secretKey } }
    },
    async getAccessKey({ head, peer, signal }) {
      return { head: keyAnswer(await flow.show(head.accessKey ?? principalOf(peer, root), { signal })) }
    },
    async listAccessKeys({ head, signal }) {
      const { keys, more } = await flow.list(head.after, { signal })
      return { head: { keys: keys.map(keyAnswer), more } }
    },
    async grantAccess({ head, signal }) {
      const { accessKey, bucket, grants } = head
      return {
        head: { accessKey, bucket, grants: [...(await flow.grant(accessKey, bucket, grants, { signal }))] },
      }
    },
    async revokeAccess({ head, signal }) {
      const { accessKey, bucket, grants } = head
      return {
        head: { accessKey, bucket, grants: [...(await flow.revoke(accessKey, bucket, grants, { signal }))] },
      }
    },
    async deleteAccessKey({ head, signal }) {
      await flow.delete(head.accessKey, head.retry === true, { signal })
      return { head: {} }
    },
    async getAccessSecret({ head, signal }) {
      const secretKey = await secretOf(head.accessKey, { signal })
      return { head: secretKey === undefined ? {} : { secretKey } }
    },
  }
}

function keyAnswer(key: AccessKeyDescription): ResponseOf<'getAccessKey'> {
  const { id, name, root, admin, createdAt, grants } = key
  const answer: ResponseOf<'getAccessKey'> = {
    ...{ accessKey: id, name, root, admin },
    grants: grants.map(({ bucket, grants }) => [bucket, [...grants]]),
  }
  if (createdAt !== undefined) answer.createdAt = createdAt
  return answer
}
