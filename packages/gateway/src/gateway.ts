import type { Log } from '@torc/protocol/environment/log'
import type { Environment } from '@torc/protocol/environment/system'
import type { Address } from '@torc/protocol/transport/transport'
import type { Accounts } from './accounts/accounts.js'
import { type HttpBounds, httpBounds } from './http/bounds.js'
import type { Face } from './http/face.js'
import { Health, type StatusSource } from './http/health.js'
import { type HttpTls, Listener } from './http/listener.js'
import { HttpMetrics } from './http/metrics.js'
import { withOperations } from './http/operations-face.js'
import { createRestFace } from './rest/rest-face.js'
import { createS3Face } from './s3/s3-face.js'

export interface GatewayOptions {
  readonly accounts: Accounts
  /** The cluster's status, as the gateway itself may ask for it. */
  readonly status: StatusSource
  /** Where REST is served; nowhere when absent. Port 0 chooses one. */
  readonly rest?: Address | undefined
  /** The same for S3. `domains`: those whose subdomains are buckets, beside path style. */
  readonly s3?: { readonly listen: Address; readonly domains?: readonly string[] | undefined } | undefined
  /** Both ports speak HTTPS where it is given. */
  readonly tls?: HttpTls | undefined
  readonly bounds?: Partial<HttpBounds> | undefined
  /** Of Torc. */
  readonly version: string
  readonly environment: Environment
  readonly log: Log
}

export interface RunningGateway {
  /** Where each face listens; undefined where it was not asked for. */
  readonly rest: Address | undefined
  readonly s3: Address | undefined
  /** Takes no more requests, lets those under way end for a bounded time, and cuts what is left. */
  close(): Promise<void>
}

/** Opens the ports that are asked for; CONFIG where one can't be. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { accounts, environment, log, version, tls } = options
  const metrics = new HttpMetrics()
  const bounds = { ...httpBounds, ...options.bounds }
  const common = { bounds, metrics, environment, log, tls }
  const opened: Listener[] = []
  const open = async (face: Face, listen: Address): Promise<Address> => {
    const listener = await Listener.open({ ...common, face, listen })
    opened.push(listener)
    return listener.address
  }
  const close = async (): Promise<void> => {
    await Promise.all(opened.map(listener => listener.close()))
  }
  try {
    let rest: Address | undefined
    if (options.rest !== undefined) {
      const face = await createRestFace({ accounts, environment, version })
      const health = new Health(options.status, environment.clock)
      rest = await open(withOperations(face, health, metrics), options.rest)
    }
    let s3: Address | undefined
    if (options.s3 !== undefined) {
      const { listen, domains } = options.s3
      s3 = await open(createS3Face({ accounts, environment, domains }), listen)
    }
    return { rest, s3, close }
  } catch (thrown) {
    await close()
    throw thrown
  }
}
