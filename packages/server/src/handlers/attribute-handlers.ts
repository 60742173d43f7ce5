import type { Handlers } from '@torc/protocol/exchange/exchange'
import type { AttributeOperations } from '../core/attribute-operations.js'
import { policyAnswer, tagsAnswer } from './answers.js'

/** What clients ask about retention policies and tags. */
export function attributeHandlers(attributes: AttributeOperations): Handlers {
  return {
    async getPolicy({ head, signal }) {
      const { bucket, key } = head
      return { head: policyAnswer(await attributes.policy({ bucket, key, timeoutMs, signal })) }
    },
    async setPolicy({ head, signal }) {
      const { bucket, key, policy } = head
      await attributes.setPolicy({ bucket, key, policy, timeoutMs, signal })
      return { head: {} }
    },
    async getTags({ head, signal }) {
      const { bucket, key, versionId } = head
      return { head: tagsAnswer(await attributes.tags({ bucket, key, versionId, timeoutMs, signal })) }
    },
    async setTags({ head, signal }) {
      const { bucket, key, versionId, set, clear } = head
      const operation = { bucket, key, versionId, timeoutMs, signal }
      return { head: tagsAnswer(await attributes.setTags(operation, { set, clear })) }
    },
  }
}

/** The requester's own deadline ends a request; in between, agents have theirs. */
const timeoutMs = undefined
