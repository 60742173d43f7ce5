import type { Membership } from '@torc/cluster/membership/membership'
import type { Peers } from '@torc/cluster/membership/peers'
import { TorcError } from '@torc/protocol/errors'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import { parseAddress } from '@torc/protocol/transport/transport'

/** A connection to an agent by its id. UNREACHABLE where it is not known, or known to be gone. */
export async function reachAgent(
  membership: Pick<Membership, 'get' | 'isDown'>,
  peers: Pick<Peers, 'reach'>,
  agent: string,
): Promise<Exchange> {
  const member = membership.get(agent)
  const address = member === undefined ? undefined : parseAddress(member.address)
  if (address === undefined || membership.isDown(agent))
    throw new TorcError('UNREACHABLE', `agent ${agent} is not there`)
  return await peers.reach(address, agent)
}
