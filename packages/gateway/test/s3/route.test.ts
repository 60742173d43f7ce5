import t from 'tap'
import { S3Error } from '../../src/s3/errors/s3-error.js'
import { bucketOfHost } from '../../src/s3/request/host.js'
import { parseTarget } from '../../src/s3/request/target.js'
import { route } from '../../src/s3/route.js'

function routed(request: string, hostBucket?: string, copies = false): string {
  const [method = '', url = ''] = request.split(' ')
  try {
    const { operation, bucket, key } = route({ method, target: parseTarget(url), hostBucket, copies })
    return [operation, bucket, key].filter(text => text !== '').join(' ')
  } catch (thrown) {
    if (!(thrown instanceof S3Error)) throw thrown
    return thrown.s3Code
  }
}

t.test('path style', async t => {
  const table: Readonly<Record<string, string>> = {
    'GET /': 'ListBuckets',
    'GET /?x-id=ListBuckets': 'ListBuckets',
    'POST /': 'MethodNotAllowed',
    'PUT /photos': 'CreateBucket photos',
    'PUT /photos/': 'CreateBucket photos',
    'HEAD /photos': 'HeadBucket photos',
    'DELETE /photos': 'DeleteBucket photos',
    'GET /photos': 'ListObjects photos',
    'GET /photos?list-type=2&prefix=a': 'ListObjectsV2 photos',
    'GET /photos?list-type=3': 'InvalidArgument',
    'GET /photos?versions': 'ListObjectVersions photos',
    'GET /photos?uploads': 'ListMultipartUploads photos',
    'GET /photos?location': 'GetBucketLocation photos',
    'GET /photos?versioning': 'GetBucketVersioning photos',
    'PUT /photos?versioning': 'PutBucketVersioning photos',
    'POST /photos?delete': 'DeleteObjects photos',
    'POST /photos': 'NotImplemented',
    'GET /photos?policy': 'NoSuchBucketPolicy',
    'PUT /photos?policy': 'NotImplemented',
    'GET /photos?lifecycle': 'NoSuchLifecycleConfiguration',
    'PUT /photos?lifecycle': 'NotImplemented',
    'DELETE /photos?lifecycle': 'NotImplemented',
    'GET /photos?encryption': 'ServerSideEncryptionConfigurationNotFoundError',
    'GET /photos?object-lock': 'ObjectLockConfigurationNotFoundError',
    'GET /photos?logging': 'NotImplemented',
    'PUT /photos?notification': 'NotImplemented',
    'GET /photos?acl': 'GetBucketAcl photos',
    'GET /photos?acl&policy': 'InvalidArgument',
    'GET /photos?x-torc-policy': 'TorcGetPolicy photos',
    'GET /photos?unknown': 'ListObjects photos',
    'OPTIONS /photos/a': 'AccessForbidden',
    'PATCH /photos/a': 'MethodNotAllowed',
    'GET /photos/a/b': 'GetObject photos a/b',
    'GET /photos//a//b/': 'GetObject photos /a//b/',
    'GET /photos/../etc/passwd': 'GetObject photos ../etc/passwd',
    'GET /photos/%2e%2e%2fx': 'GetObject photos ../x',
    'GET /../photos/x': 'InvalidBucketName',
    'GET //x': 'InvalidBucketName',
    'GET /Photos': 'InvalidBucketName',
    'GET /ph%00tos/a': 'InvalidBucketName',
    'GET /photos/a%00b': 'InvalidURI',
    'GET /photos/%ff': 'InvalidURI',
    'GET /photos/%': 'InvalidURI',
    'GET /photos/a?x=%zz': 'InvalidURI',
    [`GET /photos/${'a'.repeat(1025)}`]: 'KeyTooLongError',
    [`GET /photos/${'%C3%BC'.repeat(513)}`]: 'KeyTooLongError',
    'GET http://photos/a': 'InvalidURI',
    'GET *': 'InvalidURI',
    'HEAD /photos/a': 'HeadObject photos a',
    'PUT /photos/a': 'PutObject photos a',
    'PUT /photos/a+b%20c': 'PutObject photos a+b c',
    'PUT /photos/a?uploadId=x&partNumber=1': 'UploadPart photos a',
    'GET /photos/a?uploadId=x': 'ListParts photos a',
    'POST /photos/a?uploadId=x': 'CompleteMultipartUpload photos a',
    'DELETE /photos/a?uploadId=x': 'AbortMultipartUpload photos a',
    'POST /photos/a?uploads': 'CreateMultipartUpload photos a',
    'POST /photos/a?select&select-type=2': 'NotImplemented',
    'POST /photos/a?restore': 'NotImplemented',
    'POST /photos/a': 'NotImplemented',
    'DELETE /photos/a': 'DeleteObject photos a',
    'GET /photos/a?attributes': 'GetObjectAttributes photos a',
    'GET /photos/a?acl': 'GetObjectAcl photos a',
    'PUT /photos/a?acl': 'NotImplemented',
    'GET /photos/a?torrent': 'NotImplemented',
    'GET /photos/a?retention': 'NoSuchObjectLockConfiguration',
    'PUT /photos/a?legal-hold': 'NotImplemented',
    'GET /photos/a?tagging&versionId=x': 'GetObjectTagging photos a',
    'DELETE /photos/a?x-torc-policy': 'TorcDeletePolicy photos a',
  }
  for (const [request, expected] of Object.entries(table))
    t.equal(routed(request), expected, request.slice(0, 80))
  t.equal(routed('PUT /photos/a', undefined, true), 'CopyObject photos a')
  t.equal(routed('PUT /photos/a?uploadId=x&partNumber=1', undefined, true), 'UploadPartCopy photos a')
})

t.test('virtual-host style', async t => {
  t.equal(routed('GET /', 'photos'), 'ListObjects photos')
  t.equal(routed('GET /a/b', 'photos'), 'GetObject photos a/b')
  t.equal(routed('GET //a', 'photos'), 'GetObject photos /a')
  t.equal(routed('GET /a', '..'), 'InvalidBucketName')
  const domains = ['s3.example.com', 'localhost']
  t.equal(bucketOfHost('photos.s3.example.com', domains), 'photos')
  t.equal(bucketOfHost('my.photos.S3.example.com:7490', domains), 'my.photos')
  t.equal(bucketOfHost('photos.localhost:7490', domains), 'photos')
  for (const host of ['s3.example.com', '.s3.example.com', 'example.com', '127.0.0.1:80', undefined])
    t.equal(bucketOfHost(host, domains), undefined, String(host))
})

t.test('parameters', async t => {
  const { path, query } = parseTarget('/b/k%C3%BC?a=1&b&c=%20+&a=2&&d==')
  t.equal(path, '/b/kü')
  t.strictSame(query, [
    ['a', '1'],
    ['b', ''],
    ['c', '  '],
    ['a', '2'],
    ['d', '='],
  ])
  t.equal(parseTarget('/b/\xc3\xbc').path, '/b/ü', 'bytes that were not escaped')
})
