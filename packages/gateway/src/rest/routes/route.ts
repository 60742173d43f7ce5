import type { ErrorCode } from '@torc/protocol/errors'
import type { RestAnswer, RestCall } from '../rest-call.js'

/** A schema as OpenAPI 3.1 has it (JSON Schema 2020-12). */
export type Schema = Readonly<Record<string, unknown>>

export interface RouteParameter {
  readonly name: string
  readonly in: 'query' | 'header'
  readonly doc: string
  readonly schema: Schema
}

export interface RouteResponse {
  readonly doc: string
  /** Media type → schema of the content; none = no content. */
  readonly content?: Readonly<Record<string, Schema>>
}

/** One operation: what it is called, takes and answers. Registered and described from the same row. */
export interface RestRoute {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** As OpenAPI writes it. `{key}`, which is always last, is the rest of the path, slashes too. */
  readonly path: string
  readonly name: string
  readonly summary: string
  readonly parameters?: readonly RouteParameter[]
  readonly body?: {
    readonly doc: string
    readonly required: boolean
    readonly content: Readonly<Record<string, Schema>>
  }
  readonly responses: Readonly<Record<number, RouteResponse>>
  /** What it may fail with, beside what any request may. */
  readonly errors?: readonly ErrorCode[]
  answer(call: RestCall): Promise<RestAnswer>
}
