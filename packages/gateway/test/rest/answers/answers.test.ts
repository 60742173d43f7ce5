import { TorcError } from '@torc/protocol/errors'
import type { PutResult } from '@torc/protocol/store/object-store'
import t from 'tap'
import { asTorcError, errorAnswer } from '../../../src/rest/answers/error-answer.js'
import { nodeNameOf } from '../../../src/rest/answers/node-name.js'
import { putAnswer } from '../../../src/rest/answers/put-answer.js'

const result: PutResult = {
  ...{ bucket: 'box', key: 'k', versionId: 'v', size: 1, etag: 'e-t', sha256: '00', contentType: '' },
  ...{
    createdAt: new Date(0),
    seq: 14,
    isNull: false,
    context: 'c',
    clock: {},
    siblings: [],
    mintedBy: 'A-00000001',
  },
  preferenceList: ['A-00000001', 'B-00000002', 'C-00000003'],
  replicasWritten: ['A-00000001', 'D-00000004'],
  vectorClocks: {},
  down: ['B-00000002', 'C-00000003'],
  hinted: { 'D-00000004': ['B-00000002'], 'E-00000005': ['C-00000003'] },
  ...{ deduplicatedBytes: 0, sentBytes: 1 },
}

t.test('a write is told by the names of nodes', async t => {
  t.match(putAnswer(result), {
    success: true,
    pref_list: ['A', 'B', 'C'],
    replicas_written: ['A', 'D'],
    vector_clock_list: ['A : 14 , D : 14'],
    node: 'A',
    down_system_data: ['B', 'C'],
    hinted_system_data: 'D',
    versionId: 'v',
  })
  const fine = putAnswer({ ...result, down: [], hinted: {} })
  t.notOk('down_system_data' in fine || 'hinted_system_data' in fine)
  t.equal(nodeNameOf('agent-1-0badcafe'), 'agent-1')
  t.equal(nodeNameOf('agent-1'), 'agent-1')
})

t.test('errors have the status of their code, and ask who it is where nobody said', async t => {
  t.match(errorAnswer(new TorcError('KEY_NOT_FOUND', 'm', { details: { context: 'token' } }), true), {
    status: 404,
    headers: { 'x-torc-error': 'KEY_NOT_FOUND', 'x-torc-context': 'token' },
    json: { success: false, error: { code: 'KEY_NOT_FOUND', message: 'm', retryable: false } },
  })
  t.match(errorAnswer(new TorcError('DENIED', 'm'), false), {
    status: 401,
    headers: { 'www-authenticate': /^Basic/ },
  })
  t.match(errorAnswer(new TorcError('DENIED', 'm'), true), { status: 403 })
  t.match(errorAnswer(new TorcError('UNAVAILABLE', 'm'), true), {
    status: 503,
    headers: { 'retry-after': 1 },
  })
  const range = new TorcError('BAD_REQUEST', 'm', { details: { range: 'unsatisfiable', size: 5 } })
  t.match(errorAnswer(range, true), { status: 416, headers: { 'content-range': 'bytes */5' } })
})

t.test('what others throw has a code as well', async t => {
  t.equal(asTorcError(Object.assign(new Error('x'), { statusCode: 413 })).code, 'TOO_LARGE')
  t.equal(asTorcError(Object.assign(new Error('x'), { statusCode: 406 })).code, 'BAD_REQUEST')
  t.equal(asTorcError(Object.assign(new Error('x'), { code: 'ECONNRESET' })).code, 'CANCELLED')
  t.equal(asTorcError(new Error('x')).code, 'INTERNAL')
})
