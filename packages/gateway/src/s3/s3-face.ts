import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Environment } from '@torc/protocol/environment/system'
import type { Accounts } from '../accounts/accounts.js'
import type { Face, HttpCall } from '../http/face.js'
import { BucketFacts } from './bucket-facts.js'
import { S3Error } from './errors/s3-error.js'
import { asS3Error } from './errors/store-errors.js'
import { operationTable } from './operation-table.js'
import { bucketOfHost } from './request/host.js'
import { refuseHeaders } from './request/refused-headers.js'
import { parseTarget } from './request/target.js'
import { answerError, hostId } from './response/error-answer.js'
import { route } from './route.js'
import { S3Call } from './s3-call.js'
import { authenticate } from './signature/authenticate.js'
import { SigningKeys } from './signature/signing-keys.js'

export interface S3FaceOptions {
  readonly accounts: Accounts
  readonly environment: Pick<Environment, 'clock'>
  /** Domains whose subdomains are buckets (virtual-host style); path style always works. None when absent. */
  readonly domains?: readonly string[] | undefined
  /** What GetBucketLocation answers; `us-east-1` when absent. Requests may be signed for any region. */
  readonly region?: string | undefined
}

const defaultRegion = 'us-east-1'

/** The S3 REST API in front of the store (docs/S3.md). */
export function createS3Face(options: S3FaceOptions): Face {
  return new S3Face(options)
}

class S3Face implements Face {
  readonly name = 's3'
  readonly #options: S3FaceOptions
  readonly #buckets: BucketFacts
  readonly #signingKeys = new SigningKeys()

  constructor(options: S3FaceOptions) {
    this.#options = options
    this.#buckets = new BucketFacts(options.environment.clock)
  }

  async answer(request: IncomingMessage, response: ServerResponse, known: HttpCall): Promise<void> {
    const { clock } = this.#options.environment
    const { requestId, log } = known
    response.setHeader('server', 'Torc')
    response.setHeader('x-amz-request-id', requestId)
    response.setHeader('x-amz-id-2', hostId(requestId))
    try {
      await this.#serve(request, response, known)
    } catch (thrown) {
      const error = asS3Error(thrown)
      const facts = { requestId, code: error.s3Code, status: error.status, error: error.cause ?? error }
      if (known.signal.aborted || response.destroyed) log.debug(facts, 'a request ended early')
      else if (error.status >= 500) log.warn(facts, 'a request failed')
      else log.debug(facts, 'a request was refused')
      await answerError({ request, response, requestId, clock }, error, pathOf(request.url))
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse, known: HttpCall): Promise<void> {
    const { accounts, environment, domains = [], region = defaultRegion } = this.#options
    const { clock } = environment
    const target = parseTarget(request.url ?? '')
    const authenticated = await authenticate(request, target, {
      secretOf: accessKey => accounts.secretOf(accessKey),
      signingKeys: this.#signingKeys,
      nowMs: clock.nowMs(),
    })
    const { signer } = authenticated
    const method = request.method ?? ''
    const hostBucket = bucketOfHost(request.headers.host, domains)
    const routed = route({
      method,
      target,
      hostBucket,
      copies: request.headers['x-amz-copy-source'] !== undefined,
    })
    // Whoever says nothing of who they are may read what is public, and nothing else.
    const reads = (method === 'GET' || method === 'HEAD') && routed.bucket !== ''
    if (signer === undefined && !reads) throw new S3Error('AccessDenied')
    refuseHeaders(request.headers)
    const account = await (signer === undefined ? accounts.anonymous() : accounts.account(signer.accessKey))
    const { store } = account
    const call = new S3Call({
      ...{ known, request, response, target, route: routed, authenticated, store },
      ...{ buckets: this.#buckets, clock, region, inHost: hostBucket !== undefined },
    })
    await operationTable[routed.operation](call)
  }
}

/** What the error's document names: the path as it came, without what may be secret. */
function pathOf(url: string | undefined): string {
  return (url ?? '').split('?', 1)[0]?.slice(0, 2048) ?? ''
}
