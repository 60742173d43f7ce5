import type { Version } from '@torc/cluster/state/version'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { RequestOf, ResponseOf } from '@torc/protocol/messages/table'
import type { Test } from 'tap'
import type { Agent } from '../../src/agent.js'
import { bucketId, firstEpoch, type StartOptions, serverConnection, startedAgent } from './agent-harness.js'

/** What every request on keys of the first layout begins with. */
export const address = { epoch: 1, stage: 3, time: 0, bucketId }

/** Fields of a version with this body. */
export function written(body: Uint8Array) {
  const sha256 = systemHasher.sha256(body)
  return {
    size: body.length,
    sha256,
    etag: 'e-t',
    contentType: 'text/plain',
    metadata: [] as [string, string][],
  }
}

export type Minted = ResponseOf<'mint'> & { readonly version: Version }

/** Mints a version with an inline body, or with blocks that nobody has. */
export async function mint(
  server: Exchange,
  key: string,
  body: Uint8Array,
  fields: Partial<RequestOf<'mint'>> = {},
): Promise<Minted> {
  const head = {
    ...address,
    key,
    opId: systemRandom.bytes(16),
    kind: 'object' as const,
    ...written(body),
    ...fields,
  }
  const { opId, hintFor } = head
  const standsIn = hintFor === undefined ? {} : { hintFor }
  if (fields.blocks !== undefined) await server.request('placeIntent', { ...address, key, opId, ...standsIn })
  const answer = await server.request('mint', head, body.length > 0 ? { body } : {})
  return { ...answer.head, version: decodeVersion(answer.head.record) }
}

/** An agent that owns everything, and a server's connection to it. */
export async function soleAgent(
  t: Test,
  options: StartOptions = {},
): Promise<{ agent: Agent; server: Exchange }> {
  const agent = await startedAgent(t, options)
  const server = await serverConnection(t, agent)
  await server.request('putEpoch', { epoch: firstEpoch([agent.id]) })
  return { agent, server }
}
