import type { Cluster } from '../harness/processes/cluster.js'
import type { Day } from './day/day.js'
import type { Material } from './day/material.js'

/** What a client's day goes against. */
export interface Gateway {
  readonly cluster: Cluster
  /** `http://host:port` of the REST and of the S3 face. */
  readonly http: string
  readonly s3: string
  readonly accessKey: string
  readonly secretKey: string
  readonly material: Material
  /** A bucket that all may list: `keys` keys `folder-N/key-NNNNN`, ten folders. */
  readonly listing: { readonly bucket: string; readonly keys: number }
}

/** A client that is there, or why it isn't. */
export type Installed =
  | { readonly version: string; readonly program: string; readonly note?: string }
  | { readonly missing: string }

export interface RealClient {
  readonly name: string
  /** Finds the client, or installs it below `tools`. */
  install(tools: string): Promise<Installed>
  /** A scripted day of work; `folder` is empty, its own, and removed afterwards. */
  work(day: Day, gateway: Gateway, program: string, folder: string): Promise<void>
}

/** Variables under which programs of the AWS family find the gateway, and nothing of whoever runs this. */
export function awsVariables(gateway: Gateway, home: string): Record<string, string> {
  return {
    ...{ HOME: home, AWS_ACCESS_KEY_ID: gateway.accessKey, AWS_SECRET_ACCESS_KEY: gateway.secretKey },
    ...{ AWS_DEFAULT_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true', AWS_PAGER: '' },
  }
}
