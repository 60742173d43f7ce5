import type { Handlers, IncomingRequest } from '@torc/protocol/exchange/exchange'
import { type MessageName, messages, type UserMessageName } from '@torc/protocol/messages/table'
import type { AccessControl } from './access-control.js'
import { principalOf } from './principal.js'

type Handler = (request: IncomingRequest<never>) => unknown

/**
 * The handlers, each behind the check of what the access key of its peer may do. Those of messages that only nodes may
 * send stay as they are: nodes have proved the cluster's secret.
 */
export function guardedHandlers(handlers: Handlers, control: AccessControl): Handlers {
  const guarded: Record<string, Handler> = {}
  for (const [name, handler] of Object.entries(handlers) as [MessageName, Handler][])
    guarded[name] = isOfUsers(name) ? guard(name, handler, control) : handler
  return guarded
}

function isOfUsers(name: MessageName): name is UserMessageName {
  return messages[name].access !== undefined
}

function guard(name: UserMessageName, handler: Handler, control: AccessControl): Handler {
  return request => {
    const { head, peer }: IncomingRequest<MessageName> = request
    const waits = control.check(principalOf(peer, control.root), name, head)
    return waits === undefined ? handler(request) : waits.then(() => handler(request))
  }
}
