import type { IncomingMessage } from 'node:http'
import type { Environment } from '@torc/protocol/environment/system'
import type { Admin } from '@torc/protocol/store/admin'
import type { ObjectStore, StoredObject, VersionInfo } from '@torc/protocol/store/object-store'
import type { FormPart } from './form/form-parts.js'

/** One request as the routes see it: authenticated, its path and query taken apart. */
export interface RestCall {
  readonly request: IncomingMessage
  /** As the caller's access key may use it. */
  readonly store: ObjectStore & Admin
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal
  readonly bucket: string
  /** The rest of the path, decoded; empty where the route has none. */
  readonly key: string
  readonly query: URLSearchParams
  readonly environment: Environment
  /** The parts of a form, one after the other; each file must be read before the next is there. */
  form(): AsyncIterable<FormPart>
}

export type HeaderPairs = Readonly<Record<string, string | number | undefined>>

interface Common {
  readonly status: number
  readonly headers?: HeaderPairs | undefined
}

/** What a route answers. */
export type RestAnswer =
  | (Common & { readonly json: object })
  | (Common & { readonly text: string; readonly contentType: string })
  /** The body of an object; of a HEAD only what is known about it. */
  | (Common & { readonly object: StoredObject | VersionInfo })
  | (Common & { readonly empty: true })
