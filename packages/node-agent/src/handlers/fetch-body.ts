import { actorId } from '@torc/cluster/clocks/dot'
import type { Version } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import { readKey } from './addressing.js'
import type { AgentContext } from './agent-context.js'
import { checkStoredBody } from './inline-body.js'

/** The inline body of one version. VERSION_NOT_FOUND when it is not here, BAD_REQUEST when its body is in blocks. */
export function fetchBodyHandler(agent: AgentContext) {
  return (request: IncomingRequest<'fetchBody'>): Reply<'fetchBody'> => {
    const { head } = request
    const name = readKey(agent, request)
    const dot = { actor: actorId(head.dot[0]), counter: head.dot[1] }
    const known = agent.index.find(name.bucketId, name.key)
    const version: Version | undefined = known === undefined ? undefined : agent.index.versionAt(known, dot)
    if (known === undefined || version === undefined) {
      throw new TorcError('VERSION_NOT_FOUND', `agent ${agent.nodeId} does not have this version`)
    }
    const body = agent.index.bodyOf(known, dot)
    if (body === null || body === undefined) {
      throw new TorcError('BAD_REQUEST', `version ${version.id} has no inline body`)
    }
    checkStoredBody(agent.hasher, version, body)
    return { head: { time: agent.clock.now() }, body }
  }
}
