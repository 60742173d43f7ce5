import type { Role } from '../messages/frame-types.js'

/** How an endpoint presents and proves itself. */
export interface Identity {
  readonly role: Role
  /** Node id of a node; access key of a client. */
  readonly id: string
  readonly name: string
  /** `host:port` under which a node is reached; empty for clients. */
  readonly address: string
  /** Id of the cluster; a client that does not know it yet leaves it empty. */
  readonly clusterId: string
  /** What the proof is made with: the cluster secret of a node, the secret key of a client. */
  readonly secret: Uint8Array
}

/** How an accepting endpoint finds the secret that a peer must prove; undefined = DENIED. */
export interface Credentials {
  secretOf(role: Role, id: string): Uint8Array | undefined | Promise<Uint8Array | undefined>
}
