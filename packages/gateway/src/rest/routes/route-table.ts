import {
  changeHeaders,
  deleteQuery,
  forceQuery,
  formQuery,
  listQuery,
  pageQuery,
  readHeaders,
  storeHeaders,
  whichVersion,
  writeHeaders,
} from '../description/parameters.js'
import { json } from '../description/schemas.js'
import { browse, browseBuckets } from './browse.js'
import {
  bucketFields,
  changeBucket,
  createBucket,
  deleteBucket,
  listBuckets,
  showBucket,
  showStatus,
} from './bucket-answers.js'
import { listFiles } from './list-files.js'
import { readObject } from './read-object.js'
import type { RestRoute, RouteResponse } from './route.js'
import { uploadForm } from './upload-form.js'
import { deleteObject, putObject } from './write-object.js'

const bytes = { 'application/octet-stream': { type: 'string', format: 'binary' } }
const page = { 'text/html': { type: 'string' } }
const ok = (doc: string, schema: string): RouteResponse => ({ doc, content: json(schema) })

const bucketSettings = {
  'application/json': {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(Object.entries(bucketFields).map(([name, type]) => [name, { type }])),
  },
}

const objectResponses: Readonly<Record<number, RouteResponse>> = {
  200: { doc: 'The object', content: bytes },
  206: { doc: 'A range of it', content: bytes },
  304: { doc: 'It is as the client has it' },
}
const objectErrors = [
  ...(['BUCKET_NOT_FOUND', 'KEY_NOT_FOUND', 'VERSION_NOT_FOUND', 'VERSION_REMOVED'] as const),
  'CONDITION_FAILED',
] as const
const writeErrors = [
  ...(['BUCKET_NOT_FOUND', 'CONDITION_FAILED', 'CONFLICT', 'TOO_LARGE', 'DISK_FULL'] as const),
  'INDETERMINATE',
] as const
const headResponses: Readonly<Record<number, RouteResponse>> = {
  200: { doc: 'What is known about the object, in headers' },
  304: { doc: 'It is as the client has it' },
}

/** Everything that the REST face answers; `/openapi.json` describes just this. */
export const restRoutes: readonly RestRoute[] = [
  {
    ...{ method: 'GET', path: '/buckets', name: 'listBuckets', answer: listBuckets },
    summary: 'The buckets that the access key may see',
    responses: { 200: ok('Buckets by name', 'Buckets') },
  },
  {
    ...{ method: 'POST', path: '/buckets/{bucket}', name: 'createBucket', answer: createBucket },
    summary: 'Make a bucket',
    body: { doc: 'Settings; what is absent is the default', required: false, content: bucketSettings },
    responses: { 201: ok('It was made', 'Bucket') },
    errors: ['BUCKET_EXISTS', 'TOO_LARGE'],
  },
  {
    ...{ method: 'GET', path: '/buckets/{bucket}', name: 'showBucket', answer: showBucket },
    summary: 'Show the settings of a bucket',
    responses: { 200: ok('Its settings', 'Bucket') },
    errors: ['BUCKET_NOT_FOUND'],
  },
  {
    ...{ method: 'PATCH', path: '/buckets/{bucket}', name: 'changeBucket', answer: changeBucket },
    summary: 'Change the settings of a bucket',
    body: { doc: 'What is to change', required: true, content: bucketSettings },
    responses: { 200: ok('Its settings from now on', 'Bucket') },
    errors: ['BUCKET_NOT_FOUND', 'TOO_LARGE'],
  },
  {
    ...{ method: 'DELETE', path: '/buckets/{bucket}', name: 'deleteBucket', answer: deleteBucket },
    summary: 'Remove a bucket',
    parameters: forceQuery,
    responses: { 200: ok('It is gone', 'BucketRemoved') },
    errors: ['BUCKET_NOT_FOUND', 'BUCKET_NOT_EMPTY'],
  },
  {
    ...{ method: 'POST', path: '/buckets/{bucket}/files', name: 'uploadFiles', answer: uploadForm },
    summary: 'Store the files of a form, each under its name or the field `key` before it',
    parameters: [...formQuery, ...storeHeaders],
    body: {
      doc: 'One or several fields `file`, each streamed to the store; a field `key` names the next file',
      required: true,
      content: {
        'multipart/form-data': {
          type: 'object',
          properties: { key: { type: 'string' }, file: { type: 'string', format: 'binary' } },
        },
      },
    },
    responses: {
      200: {
        doc: 'Where it went; of several files a list',
        content: {
          'application/json': {
            oneOf: ['Stored', 'StoredFiles'].map(name => json(name)['application/json']),
          },
        },
      },
    },
    errors: writeErrors,
  },
  {
    ...{ method: 'GET', path: '/buckets/{bucket}/files', name: 'listFiles', answer: listFiles },
    summary: 'List keys, or versions, page by page',
    parameters: listQuery,
    responses: { 200: ok('A page', 'Files') },
    errors: ['BUCKET_NOT_FOUND'],
  },
  {
    ...{ method: 'GET', path: '/buckets/{bucket}/files/{key}', name: 'getFile', answer: readObject },
    summary: 'Read an object',
    parameters: [...whichVersion, ...readHeaders],
    responses: objectResponses,
    errors: objectErrors,
  },
  {
    ...{ method: 'HEAD', path: '/buckets/{bucket}/files/{key}', name: 'headFile', answer: readObject },
    summary: 'What is known about an object',
    parameters: [...whichVersion, ...readHeaders],
    responses: headResponses,
    errors: objectErrors,
  },
  {
    ...{ method: 'PUT', path: '/buckets/{bucket}/files/{key}', name: 'putFile', answer: putObject },
    summary: 'Store an object: a new version of the key',
    parameters: writeHeaders,
    body: { doc: 'The object', required: true, content: bytes },
    responses: { 200: ok('Where it went', 'Stored') },
    errors: writeErrors,
  },
  {
    ...{ method: 'DELETE', path: '/buckets/{bucket}/files/{key}', name: 'deleteFile', answer: deleteObject },
    summary: 'Remove a key with all its versions, one version, or (`marker`) add a delete marker',
    parameters: [...deleteQuery, ...changeHeaders],
    responses: { 200: ok('What is gone', 'Removed') },
    errors: ['BUCKET_NOT_FOUND', 'VERSION_NOT_FOUND', 'INDETERMINATE'],
  },
  {
    ...{ method: 'DELETE', path: '/buckets/{bucket}/{key}', name: 'deleteKey', answer: deleteObject },
    summary: 'The same in short, for keys that do not begin with `files/`',
    parameters: [...deleteQuery, ...changeHeaders],
    responses: { 200: ok('What is gone', 'Removed') },
    errors: ['BUCKET_NOT_FOUND', 'VERSION_NOT_FOUND', 'INDETERMINATE'],
  },
  {
    ...{ method: 'GET', path: '/files/', name: 'browseBuckets', answer: browseBuckets },
    summary: 'The buckets as folders; a page for a browser',
    responses: { 200: { doc: 'The buckets', content: { ...json('Folder'), ...page } } },
  },
  {
    ...{ method: 'GET', path: '/files/{bucket}', name: 'browseBucket', answer: browse },
    summary: 'A bucket as a folder',
    parameters: pageQuery,
    responses: { 200: { doc: 'The folder', content: { ...json('Folder'), ...page } } },
    errors: ['BUCKET_NOT_FOUND'],
  },
  {
    ...{ method: 'GET', path: '/files/{bucket}/{key}', name: 'browse', answer: browse },
    summary: 'A folder (a path that ends in `/`, or that only folders begin with) or an object',
    parameters: [...whichVersion, ...pageQuery, ...readHeaders],
    responses: {
      ...objectResponses,
      200: { doc: 'The folder, or the object', content: { ...json('Folder'), ...page, ...bytes } },
    },
    errors: objectErrors,
  },
  {
    ...{ method: 'HEAD', path: '/files/{bucket}/{key}', name: 'headBrowsed', answer: browse },
    summary: 'The same without content',
    parameters: [...whichVersion, ...pageQuery, ...readHeaders],
    responses: headResponses,
    errors: objectErrors,
  },
  {
    ...{ method: 'DELETE', path: '/files/{bucket}/{key}', name: 'deleteBrowsed', answer: deleteObject },
    summary: 'Remove what that path shows as an object',
    parameters: [...deleteQuery, ...changeHeaders],
    responses: { 200: ok('What is gone', 'Removed') },
    errors: ['BUCKET_NOT_FOUND', 'VERSION_NOT_FOUND', 'INDETERMINATE'],
  },
  {
    ...{ method: 'GET', path: '/status', name: 'status', answer: showStatus },
    summary: 'How the cluster is; for access keys that may administer it',
    responses: { 200: ok('As `torc status --json`', 'Status') },
  },
  {
    ...{ method: 'GET', path: '/{bucket}/{key}', name: 'download', answer: readObject },
    summary: 'Read an object, in short',
    parameters: [...whichVersion, ...readHeaders],
    responses: objectResponses,
    errors: objectErrors,
  },
  {
    ...{ method: 'HEAD', path: '/{bucket}/{key}', name: 'headDownload', answer: readObject },
    summary: 'What is known about it',
    parameters: [...whichVersion, ...readHeaders],
    responses: headResponses,
    errors: objectErrors,
  },
  {
    ...{ method: 'DELETE', path: '/{bucket}/{key}', name: 'deleteDownload', answer: deleteObject },
    summary: 'Remove what that path reads',
    parameters: [...deleteQuery, ...changeHeaders],
    responses: { 200: ok('What is gone', 'Removed') },
    errors: ['BUCKET_NOT_FOUND', 'VERSION_NOT_FOUND', 'INDETERMINATE'],
  },
]
