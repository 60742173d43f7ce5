import { readFileSync } from 'node:fs'
import type { OptionsOf } from '@torc/client/config/option'
import type { Accounts } from '@torc/gateway/accounts/accounts'
import type { StatusSource } from '@torc/gateway/http/health'
import type { HttpTls } from '@torc/gateway/http/listener'
import type { Log } from '@torc/protocol/environment/log'
import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { type Address, formatAddress } from '@torc/protocol/transport/transport'
import { reachable } from '../up/local-addresses.js'
import type { gatewayOptions } from './gateway-options.js'

export interface OpenGatewayOptions {
  readonly options: OptionsOf<typeof gatewayOptions>
  /** Host that both ports listen at. */
  readonly host: string
  /** Under which clients reach the REST face, and with its own port the S3 face, where it differs: for what is told. */
  readonly advertise?: Address | undefined
  readonly accounts: Accounts
  readonly status: StatusSource
  readonly version: string
  readonly environment: Environment
  readonly log: Log
}

export interface OpenedGateway {
  /** `http://host:port` of the REST and of the S3 face. */
  readonly http: string | undefined
  readonly s3: string | undefined
  close(): Promise<void>
}

/** Opens the HTTP faces that the options ask for; undefined where they ask for none. */
export async function openGateway(open: OpenGatewayOptions): Promise<OpenedGateway | undefined> {
  const { options, host, accounts, status, version, environment, log } = open
  const { httpPort, s3Port, s3Domain: domains } = options
  const tls = tlsOf(options)
  if (httpPort === undefined && s3Port === undefined) return undefined
  // Loaded only where it is used: a server without faces needs no web framework.
  const { startGateway } = await import('@torc/gateway/gateway')
  const gateway = await startGateway({
    ...{ accounts, status, version, environment, log, tls },
    rest: httpPort === undefined ? undefined : { host, port: httpPort },
    s3: s3Port === undefined ? undefined : { listen: { host, port: s3Port }, domains },
  })
  const urlOf = (address: Address | undefined, told: Partial<Address> | undefined): string | undefined => {
    if (address === undefined) return undefined
    const at = formatAddress({ ...address, host: reachable(address.host), ...told })
    return `${tls === undefined ? 'http' : 'https'}://${at}`
  }
  const told = open.advertise
  const http = urlOf(gateway.rest, told)
  const s3 = urlOf(gateway.s3, told === undefined ? undefined : { host: told.host })
  log.info({ event: 'gateway', http, s3 }, 'the gateway listens')
  return { http, s3, close: () => gateway.close() }
}

function tlsOf({ httpsCert, httpsKey }: OptionsOf<typeof gatewayOptions>): HttpTls | undefined {
  if (httpsCert === undefined && httpsKey === undefined) return undefined
  if (httpsCert === undefined || httpsKey === undefined)
    throw new TorcError('CONFIG', '--https-cert and --https-key belong together')
  return { cert: read(httpsCert), key: read(httpsKey) }
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (thrown) {
    throw new TorcError('CONFIG', `${path} can not be read`, { cause: thrown })
  }
}
