import { actorMessages } from './actor-messages.js'
import { agentMessages } from './agent-messages.js'
import { blockUploadMessages } from './block-upload-messages.js'
import { bucketMessages } from './bucket-messages.js'
import { clusterMessages } from './cluster-messages.js'
import { consensusMessages } from './consensus-messages.js'
import { feedMessages } from './feed-messages.js'
import type { HeadOf } from './fields.js'
import { historyMessages } from './history-messages.js'
import { keyMessages } from './key-messages.js'
import { layoutMessages } from './layout-messages.js'
import { layoutOperations } from './layout-operations.js'
import { leaseMessages } from './lease-messages.js'
import { listingMessages } from './listing-messages.js'
import { membershipMessages } from './membership-messages.js'
import { objectMessages } from './object-messages.js'
import { remainderMessages } from './remainder-messages.js'
import { replicaMessages } from './replica-messages.js'
import { syncSessionMessages } from './sync-session-messages.js'
import { treeMessages } from './tree-messages.js'
import { uploadMessages } from './upload-messages.js'

/**
 * The table of messages: a request is a frame type and an `op` in its head. Types, dispatch, role checks
 * and `docs/PROTOCOL.md` derive from it. Append only; a message's meaning never changes.
 */
export const messages = {
  // client → server
  ...objectMessages,
  ...blockUploadMessages,
  ...historyMessages,
  ...listingMessages,
  ...bucketMessages,
  ...clusterMessages,
  ...layoutOperations,
  ...uploadMessages,
  ...keyMessages,
  ...syncSessionMessages,
  // server → agent, agent → agent
  ...replicaMessages,
  ...consensusMessages,
  ...agentMessages,
  ...layoutMessages,
  ...leaseMessages,
  ...treeMessages,
  ...remainderMessages,
  ...actorMessages,
  // any node ↔ any node
  ...membershipMessages,
  // client → server, server → agent
  ...feedMessages,
} as const

export type MessageName = keyof typeof messages
/** Messages that users may send. */
export type UserMessageName = {
  [N in MessageName]: (typeof messages)[N] extends { readonly access: readonly unknown[] } ? N : never
}[MessageName]
export type RequestOf<N extends MessageName> = HeadOf<(typeof messages)[N]['request']>
export type ResponseOf<N extends MessageName> = HeadOf<(typeof messages)[N]['response']>
