import { errorTable, TorcError } from '@torc/protocol/errors'
import type { PutResult } from '@torc/protocol/store/object-store'
import { asTorcError, errorBody } from '../answers/error-answer.js'
import { putAnswer } from '../answers/put-answer.js'
import type { RestAnswer, RestCall } from '../rest-call.js'
import { textOf } from './query.js'
import { writeOptionsOf } from './write-object.js'

/**
 * POST of a form: each field `file` is stored under its file name behind `?prefix=`, or under the field `key` that comes
 * before it. Files are stored one after the other as they arrive; where one fails those before it stay, and the answer
 * says so.
 */
export async function uploadForm(call: RestCall): Promise<RestAnswer> {
  const stored: PutResult[] = []
  try {
    for await (const result of storedFiles(call)) stored.push(result)
    const [first] = stored
    if (first === undefined) throw new TorcError('BAD_REQUEST', 'the form has no field `file` with a file')
    const answers = stored.map(putAnswer)
    return {
      status: 200,
      json: answers.length === 1 ? (answers[0] ?? {}) : { success: true, files: answers },
    }
  } catch (thrown) {
    const error = asTorcError(thrown)
    if (stored.length === 0) throw error
    return {
      status: errorTable[error.code].httpStatus,
      headers: { 'x-torc-error': error.code },
      json: { ...errorBody(error), files: stored.map(putAnswer) },
    }
  }
}

async function* storedFiles(call: RestCall): AsyncGenerator<PutResult> {
  const { request, store, bucket, query, signal } = call
  const prefix = textOf(query, 'prefix') ?? ''
  const { opId, ...options } = writeOptionsOf(request.headers)
  if (opId !== undefined)
    throw new TorcError('BAD_REQUEST', 'x-torc-operation-id is of one write: send the file by PUT')
  let key: string | undefined
  for await (const part of call.form()) {
    if (part.name === 'key' && part.kind === 'field') {
      key = part.value
      continue
    }
    if (part.name !== 'file' || part.kind !== 'file') {
      throw new TorcError('BAD_REQUEST', `the form has a field ${JSON.stringify(part.name.slice(0, 80))}`, {
        hint: 'Send each file in a field `file`, and before it a field `key` where its file name is not its key.',
      })
    }
    const name = key ?? (part.fileName === '' ? undefined : prefix + part.fileName)
    if (name === undefined || name === '')
      throw new TorcError('BAD_REQUEST', 'a file of the form has no name: send a field `key` before it')
    const { body, contentType } = part
    yield await store.put(bucket, name, body, { ...options, contentType, signal })
    key = undefined
  }
}
