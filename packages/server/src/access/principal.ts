import type { Peer } from '@torc/protocol/exchange/exchange'

/** Id of the access key on whose behalf a call is made. */
export type Principal = string

/** Whoever comes without an access key. No access key has this id. */
export const anonymous: Principal = ''

/** Whom a peer stands for. A gateway has the cluster's secret, as nodes have, and checks its users itself. */
export function principalOf({ role, id }: Pick<Peer, 'role' | 'id'>, root: Principal): Principal {
  return role === 'client' ? id : root
}
