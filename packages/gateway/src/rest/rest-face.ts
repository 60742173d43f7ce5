import type { IncomingMessage, ServerResponse } from 'node:http'
import multipart from '@fastify/multipart'
import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Accounts } from '../accounts/accounts.js'
import type { Face, HttpCall } from '../http/face.js'
import { authenticate } from './access/authenticate.js'
import { type Claim, claimOf } from './access/credentials.js'
import { refuseForeignPages } from './access/cross-site.js'
import { asTorcError, errorAnswer, unauthorizedAnswer } from './answers/error-answer.js'
import { sendAnswer } from './answers/send-answer.js'
import { openApi } from './description/openapi.js'
import { formLimits, formParts } from './form/form-parts.js'
import type { RestAnswer } from './rest-call.js'
import type { RestRoute } from './routes/route.js'
import { restRoutes } from './routes/route-table.js'

export interface RestFaceOptions {
  readonly accounts: Accounts
  readonly environment: Environment
  /** Of Torc, as `openapi.json` tells it. */
  readonly version: string
}

/** Longer names of buckets are refused by the store, in its own words. */
const parameterCharsMax = 1024

/**
 * The REST face. Fastify finds the route and takes forms apart; bodies, answers and errors are sent here, so that each
 * streams with the client's pace and has one form.
 */
export async function createRestFace(options: RestFaceOptions): Promise<Face> {
  const calls = new WeakMap<IncomingMessage, HttpCall>()
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    requestIdHeader: false,
    routerOptions: { maxParamLength: parameterCharsMax },
    frameworkErrors: (error, request, reply) =>
      // What is no path at all (a percent sign that encodes nothing).
      void serve(request, reply, calls, async () => errorAnswer(asTorcError(error), true)),
  })
  app.removeAllContentTypeParsers()
  await app.register(multipart, { limits: formLimits })
  // Bodies of all other types are read by the routes, as streams.
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  for (const route of restRoutes) register(app, route, calls, options)
  const document = openApi(restRoutes, options.version)
  app.get('/openapi.json', (request, reply) =>
    serve(request, reply, calls, async () => ({ status: 200, json: document })),
  )
  for (const path of ['/', '/files']) {
    app.get(path, (request, reply) =>
      serve(request, reply, calls, async () => ({
        status: 302,
        headers: { location: '/files/' },
        empty: true,
      })),
    )
  }
  app.setNotFoundHandler((request, reply) => serve(request, reply, calls, async () => noRoute(request)))
  app.setErrorHandler((error, request, reply) =>
    serve(request, reply, calls, async () => errorAnswer(asTorcError(error), true)),
  )
  await app.ready()
  return {
    name: 'rest',
    answer: (request: IncomingMessage, response: ServerResponse, call: HttpCall) =>
      new Promise(resolve => {
        calls.set(request, call)
        response.once('close', resolve)
        app.routing(request, response)
      }),
  }
}

function register(
  app: FastifyInstance,
  route: RestRoute,
  calls: WeakMap<IncomingMessage, HttpCall>,
  { accounts, environment }: RestFaceOptions,
): void {
  app.route({
    method: route.method,
    url: route.path.replace('{bucket}', ':bucket').replace('{key}', '*'),
    handler: (request, reply) =>
      serve(request, reply, calls, async call => {
        let claim: Claim
        let account: Awaited<ReturnType<typeof authenticate>>
        try {
          claim = claimOf(request.headers.authorization)
          account = await authenticate(claim, accounts, environment.hasher)
        } catch (thrown) {
          return unauthorizedAnswer(asTorcError(thrown))
        }
        try {
          refuseForeignPages(request.raw, claim)
          const { bucket = '', '*': key = '' } = request.params as Readonly<Record<string, string>>
          return await route.answer({
            ...{ request: request.raw, store: account.store, signal: call.signal, bucket, key, environment },
            query: queryOf(request.raw),
            form: () => {
              if (!request.isMultipart())
                throw new TorcError('BAD_REQUEST', 'the body must be a form: multipart/form-data')
              return formParts(request.parts())
            },
          })
        } catch (thrown) {
          return errorAnswer(asTorcError(thrown), claim.how !== 'anonymous')
        }
      }),
  })
}

/** Answers one request; what fails while a body is on its way has cut the connection by then. */
async function serve(
  request: FastifyRequest,
  reply: FastifyReply,
  calls: WeakMap<IncomingMessage, HttpCall>,
  decide: (call: HttpCall) => Promise<RestAnswer>,
): Promise<void> {
  reply.hijack()
  const call = calls.get(request.raw)
  if (call === undefined) throw new TorcError('INTERNAL', 'a request came past the port')
  const { log, requestId, signal } = call
  try {
    await sendAnswer(request.raw, reply.raw, await decide(call), signal)
  } catch (thrown) {
    const error = asTorcError(thrown)
    const facts = { requestId, code: error.code, err: error }
    if (signal.aborted) log.debug(facts, 'an answer broke off')
    else log.warn(facts, 'an answer failed on its way')
    if (!reply.raw.writableEnded) reply.raw.destroy()
  }
}

function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  const at = url.indexOf('?')
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1))
}

function noRoute({ method, url }: FastifyRequest): RestAnswer {
  const path = url.split('?', 1)[0] ?? ''
  const allowed = restRoutes.filter(route => patternOf(route).test(path)).map(route => route.method)
  if (allowed.length > 0) {
    const error = new TorcError('BAD_REQUEST', `${method} is not for this path`, {
      hint: `It takes ${allowed.join(', ')}.`,
    })
    const answer = errorAnswer(error, true)
    return { ...answer, status: 405, headers: { ...answer.headers, allow: allowed.join(', ') } }
  }
  return errorAnswer(
    new TorcError('FILE_NOT_FOUND', 'there is nothing at this path', {
      hint: 'GET /openapi.json says what there is; an object is at /buckets/BUCKET/files/KEY.',
    }),
    true,
  )
}

function patternOf({ path }: RestRoute): RegExp {
  const pattern = path.replace('{bucket}', '[^/]+').replace('{key}', '.*')
  return new RegExp(`^${pattern}$`, 's')
}
