import { restRoutes } from '@torc/gateway/rest/routes/route-table'
import t from 'tap'
import { type GatewayCluster, type Sent, startGatewayCluster } from './gateway-cluster.js'
import { violations } from './schema-check.js'

interface Operation {
  readonly operationId: string
  readonly responses: Readonly<
    Record<
      string,
      { readonly content?: Readonly<Record<string, { readonly schema: Record<string, unknown> }>> }
    >
  >
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
}

interface Description {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Record<string, unknown>>> }
}

let c: GatewayCluster
let description: Description
t.before(async () => {
  c = await startGatewayCluster()
  description = (await c.json('/openapi.json', { as: null })).body as unknown as Description
  const { store } = c.cluster.server
  await store.createBucket('box')
  await store.createBucket('full')
  await store.put('full', 'k', 'text')
  for (const key of ['k', 'd1', 'd2', 'd3', 'd4', 'folder/k']) await store.put('box', key, 'text')
})
t.teardown(() => c.stop())

const file = (): Sent => {
  const body = new FormData()
  body.append('file', new Blob(['x']), 'x')
  return { body }
}
const files = (): Sent => {
  const { body } = file()
  ;(body as FormData).append('file', new Blob(['y']), 'y')
  return { body: body as FormData }
}
const old = { 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' }
const part = { range: 'bytes=1-2' }
const beyond = { range: 'bytes=9-' }
const other = { 'if-match': '"other"' }

/** What is sent to each operation, and the status that it answers with. */
const exercises: Readonly<Record<string, readonly (readonly [status: number, path: string, sent?: Sent])[]>> =
  {
    listBuckets: [
      [200, '/buckets'],
      [401, '/buckets', { as: null }],
    ],
    createBucket: [
      [201, '/buckets/new', { body: '{"policy":"latest"}' }],
      [409, '/buckets/box'],
      [400, '/buckets/NEW'],
    ],
    showBucket: [
      [200, '/buckets/box'],
      [404, '/buckets/none'],
    ],
    changeBucket: [
      [200, '/buckets/box', { body: '{"strict":false}' }],
      [404, '/buckets/none', { body: '{"strict":true}' }],
      [413, '/buckets/box', { body: JSON.stringify({ policy: 'x'.repeat(70_000) }) }],
    ],
    deleteBucket: [
      [409, '/buckets/full'],
      [200, '/buckets/full?force'],
      [404, '/buckets/full'],
    ],
    uploadFiles: [
      [200, '/buckets/box/files', file()],
      [200, '/buckets/box/files', files()],
      [400, '/buckets/box/files', { body: 'x' }],
      [404, '/buckets/none/files', file()],
    ],
    listFiles: [
      [200, '/buckets/box/files?versions'],
      [200, '/buckets/box/files?delimiter=/'],
      [404, '/buckets/none/files'],
    ],
    putFile: [
      [200, '/buckets/box/files/k', { body: 'x' }],
      [412, '/buckets/box/files/k', { body: 'x', headers: other }],
      [404, '/buckets/none/files/k', { body: 'x' }],
    ],
    deleteFile: [
      [200, '/buckets/box/files/d1'],
      [404, '/buckets/box/files/k?versionId=aaaaaaaa'],
    ],
    deleteKey: [
      [200, '/buckets/box/d2?marker'],
      [404, '/buckets/none/d2'],
    ],
    deleteBrowsed: [
      [200, '/files/box/d3'],
      [404, '/files/none/d3'],
    ],
    deleteDownload: [
      [200, '/box/d4'],
      [404, '/none/d4'],
    ],
    browseBuckets: [
      [200, '/files/'],
      [200, '/files/', { headers: { accept: 'text/html' } }],
    ],
    browseBucket: [
      [200, '/files/box'],
      [200, '/files/box', { headers: { accept: 'text/html' } }],
      [404, '/files/none'],
    ],
    browse: [
      [200, '/files/box/'],
      [200, '/files/box/', { headers: { accept: 'text/html' } }],
      ...reads('/files/box/folder/k'),
    ],
    headBrowsed: heads('/files/box/folder/k'),
    getFile: reads('/buckets/box/files/folder/k'),
    headFile: heads('/buckets/box/files/folder/k'),
    download: reads('/box/folder/k'),
    headDownload: heads('/box/folder/k'),
    status: [
      [200, '/status'],
      [401, '/status', { as: null }],
    ],
    health: [[200, '/health', { as: null }]],
    metrics: [[200, '/metrics', { as: null }]],
    openapi: [[200, '/openapi.json', { as: null }]],
  }

function reads(path: string): (readonly [number, string, Sent?])[] {
  return [...heads(path), [206, path, { headers: part }], [416, path, { headers: beyond }]]
}

function heads(path: string): (readonly [number, string, Sent?])[] {
  return [
    [200, path],
    [304, path, { headers: old }],
    [412, path, { headers: other }],
    [404, `${path}-none`],
    [401, path, { as: null }],
  ]
}

t.test('the description is of all routes, and of nothing else', async t => {
  t.equal(description.openapi, '3.1.0')
  const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId}`,
    ),
  )
  const routes = restRoutes.map(({ method, path, name }) => `${method} ${path} ${name}`)
  const own = ['GET /health health', 'GET /metrics metrics', 'GET /openapi.json openapi']
  t.strictSame(operations.sort(), [...routes, ...own].sort())
  t.equal(new Set(restRoutes.map(({ name }) => name)).size, restRoutes.length)
  for (const [path, methods] of Object.entries(description.paths)) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    for (const { parameters = [] } of Object.values(methods))
      t.strictSame(
        parameters.filter(one => one.in === 'path').map(({ name }) => name),
        named,
        path,
      )
  }
})

for (const [path, method] of [
  ...restRoutes.map(({ path, method }) => [path, method] as const),
  ['/health', 'GET'] as const,
  ['/metrics', 'GET'] as const,
  ['/openapi.json', 'GET'] as const,
]) {
  t.test(`${method} ${path} answers as it is described`, async t => {
    const operation = description.paths[path]?.[method.toLowerCase()]
    if (operation === undefined) throw new Error('it is not described')
    const tried = exercises[operation.operationId] ?? []
    const succeeds = Object.keys(operation.responses).filter(status => Number(status) < 400)
    t.strictSame(
      succeeds.filter(status => !tried.some(([wanted]) => String(wanted) === status)),
      [],
      'each success is tried',
    )
    for (const [status, target, sent] of tried) {
      const response = await c.send(target, { ...sent, method })
      const text = await response.text()
      t.equal(response.status, status, `${method} ${target}: ${text.slice(0, 200)}`)
      const described = operation.responses[String(status)]
      t.ok(described, `${status} is described`)
      const content = described?.content ?? {}
      if (method === 'HEAD' || Object.keys(content).length === 0) {
        t.equal(text, '')
        continue
      }
      const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
      const schema = content[type]?.schema
      t.ok(schema, `${status} may be ${type}`)
      if (type !== 'application/json' || schema === undefined) continue
      t.strictSame(violations(JSON.parse(text), schema, description.components.schemas), [], target)
    }
  })
}
