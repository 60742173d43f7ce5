import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { makeTimeOrderedOperationId } from '@torc/protocol/identifiers/operation-id'
import type { RequestOf } from '@torc/protocol/messages/table'
import { refuseSeal, sealedOnce } from '@torc/protocol/store/late-facts'
import type * as s from '@torc/protocol/store/object-store'
import type { Caller } from '../connection/caller.js'
import { HashUploads } from '../upload/hash-uploads.js'
import { checkEtag, hexOf, putResultOf } from './answers.js'
import type { OperationIds } from './operation-ids.js'
import { again, conditionFields, sharedLimits, writeRequest } from './requests.js'
import { type Upload, uploadOf } from './upload.js'

/** The calls that store a body. */
export class RemoteWrites implements Pick<s.ObjectStore, 'put' | 'putShared' | 'post'> {
  readonly #caller: Caller
  readonly #environment: Environment
  readonly #opIds: OperationIds
  readonly #hashUploads: HashUploads

  constructor(caller: Caller, environment: Environment, opIds: OperationIds) {
    this.#caller = caller
    this.#environment = environment
    this.#opIds = opIds
    this.#hashUploads = new HashUploads(caller, environment)
  }

  async put(
    bucket: string,
    key: string,
    body: s.BodyInput,
    options: s.PutOptions = {},
  ): Promise<s.PutResult> {
    const opId = this.#opId(options)
    const settings = { ...options, seal: sealedOnce(options.seal) }
    const stored = await this.#hashUploads.put({ bucket, key, opId }, body, settings)
    if (stored !== undefined)
      return checkedResult(putResultOf(bucket, key, stored.head), stored.sha256, stored.etag)
    const upload = uploadOf(body, this.#environment.hasher, settings)
    const head = { ...writeRequest(bucket, opId, options, upload), ...conditionFields(options) }
    return this.#send('putObject', key, head, options, upload)
  }

  async putShared(
    bucket: string,
    key: string,
    path: string,
    options: s.PutOptions = {},
  ): Promise<s.PutResult> {
    refuseSeal(options)
    const head = {
      ...writeRequest(bucket, this.#opId(options), options, undefined),
      ...conditionFields(options),
    }
    head.shared = path
    return this.#send('putObject', key, head, sharedLimits(options), undefined)
  }

  async post(bucket: string, body: s.BodyInput, options: s.PutOptions = {}): Promise<s.PutResult> {
    const upload = uploadOf(body, this.#environment.hasher, options)
    const { clock, random } = this.#environment
    // The server makes the key from the id: keys are in the order of time.
    const opId = options.opId ?? makeTimeOrderedOperationId(clock, random)
    return this.#send('postDatum', '', writeRequest(bucket, opId, options, upload), options, upload)
  }

  #opId(options: s.CallOptions): Uint8Array {
    return options.opId ?? this.#opIds.next()
  }

  async #send(
    name: 'putObject' | 'postDatum',
    key: string,
    head: RequestOf<'postDatum'>,
    options: s.PutOptions,
    upload: Upload | undefined,
  ): Promise<s.PutResult> {
    const { signal, timeoutMs } = options
    const plan = { signal, timeoutMs, body: upload, writes: true, repeat: again }
    let result: s.PutResult
    try {
      const answer =
        name === 'putObject'
          ? await this.#caller.call(name, { ...head, key }, plan)
          : await this.#caller.call(name, head, plan)
      result = putResultOf(head.bucket, key, answer.head)
    } catch (error) {
      if (upload?.sourceError === undefined) throw error
      throw TorcError.from(upload.sourceError)
    }
    return checkedResult(result, upload?.sentSha256(), upload?.sentEtag() ?? head.etag)
  }
}

/** CHECKSUM where the server answers about other bytes than were sent, UNSUPPORTED where it made an etag of its own. */
function checkedResult(
  result: s.PutResult,
  sent: Uint8Array | undefined,
  etag: string | undefined,
): s.PutResult {
  checkEtag(result, etag)
  if (sent === undefined || hexOf(sent) === result.sha256) return result
  throw new TorcError(
    'CHECKSUM',
    `${result.bucket}/${result.key}: the server stored other bytes than were sent`,
  )
}
