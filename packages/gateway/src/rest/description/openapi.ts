import { type ErrorCode, errorTable } from '@torc/protocol/errors'
import type { RestRoute, RouteResponse, Schema } from '../routes/route.js'
import { json, schemas } from './schemas.js'

/** What any request may fail with: what it says, who sends it, or how the cluster is. */
const always: readonly ErrorCode[] = [
  'BAD_REQUEST',
  'DENIED',
  'INTERNAL',
  'UNAVAILABLE',
  'TIMEOUT',
  'OVERLOADED',
]

/** What every port for REST answers before a route is looked for (`http/operations-face.ts`). */
const operations: Readonly<Record<string, object>> = {
  '/health': {
    get: described('health', 'Whether the store answers; needs no access key', {
      200: { doc: 'It does', content: json('Health') },
      503: { doc: 'It does not', content: json('Health') },
    }),
  },
  '/metrics': {
    get: described('metrics', 'Counts for Prometheus; needs no access key', {
      200: { doc: 'The counts', content: { 'text/plain': { type: 'string' } } },
    }),
  },
  '/openapi.json': {
    get: described('openapi', 'This document; needs no access key', {
      200: { doc: 'The document', content: { 'application/json': { type: 'object' } } },
    }),
  },
}

/** The OpenAPI 3.1 document of a table of routes. */
export function openApi(routes: readonly RestRoute[], version: string): object {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const { method, path, name, summary, body } = route
    const operation = {
      ...described(name, summary, route.responses, errorResponses(route)),
      parameters: [...pathParameters(path), ...(route.parameters ?? []).map(parameter)],
      ...(body === undefined
        ? {}
        : {
            requestBody: { description: body.doc, required: body.required, content: contentOf(body.content) },
          }),
      security: [{ bearer: [] }, { basic: [] }, {}],
    }
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Torc REST',
      version,
      description:
        'Buckets, objects and their versions. `{key}` is the rest of the path: its slashes may stand as they are. Errors have one form, whatever the status.',
    },
    paths: { ...paths, ...operations },
    components: {
      schemas,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'ACCESSKEY:SECRETKEY' },
        basic: { type: 'http', scheme: 'basic' },
      },
    },
  }
}

/** The statuses that a route may answer with. */
export function statusesOf(route: RestRoute): number[] {
  return [...Object.keys(route.responses).map(Number), ...Object.keys(errorResponses(route)).map(Number)]
}

function described(
  operationId: string,
  summary: string,
  responses: Readonly<Record<number, RouteResponse>>,
  errors: Readonly<Record<number, object>> = {},
): object {
  const own = Object.entries(responses).map(([status, { doc, content }]) => [
    status,
    { description: doc, ...(content === undefined ? {} : { content: contentOf(content) }) },
  ])
  return { operationId, summary, responses: { ...errors, ...Object.fromEntries(own) } }
}

/** By status, the codes that come with it. */
function errorResponses({
  method,
  path,
  errors = [],
  responses,
}: RestRoute): Readonly<Record<number, object>> {
  const byStatus = new Map<number, string[]>()
  const add = (status: number, code: string): void =>
    void byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  for (const code of [...always, ...errors]) add(errorTable[code].httpStatus, code)
  add(401, 'DENIED')
  if (206 in responses) add(416, 'BAD_REQUEST')
  const content = method === 'HEAD' ? {} : { content: contentOf(json('Error')) }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      { description: `${codes.join(', ')} (${path})`, ...content },
    ]),
  )
}

function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string' } },
    description: name === 'key' ? 'Key of the object; slashes need not be encoded' : 'Name of the bucket',
  }))
}

function parameter({ name, in: place, doc, schema }: NonNullable<RestRoute['parameters']>[number]): object {
  return { name, in: place, description: doc, required: false, schema }
}

function contentOf(content: Readonly<Record<string, Schema>>): object {
  return Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }]))
}
