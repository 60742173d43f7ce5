import { TorcError } from '@torc/protocol/errors'
import type { Grant } from '@torc/protocol/messages/access'
import t from 'tap'
import { AccessControl } from '../../src/access/access-control.js'
import type { AccessKeyView } from '../../src/access/access-keys.js'
import { principalOf } from '../../src/access/principal.js'
import { bucketNotFound } from '../../src/buckets/buckets.js'
import { testBucket } from '../fakes/fake-cluster.js'

const ids = { photos: Buffer.alloc(16, 1), music: Buffer.alloc(16, 2) }

/** Buckets photos and music; `slow`: their records must be read first. */
function controlOf(
  grants: Readonly<Record<string, readonly Grant[]>>,
  { admin = false, slow = false, grantedId = ids.photos } = {},
) {
  const key: AccessKeyView = {
    ...{ id: 'TKAAAAAAAAAAAAAAAAAA', admin, secretKey: '', secret: Buffer.alloc(0) },
    grants: new Map(
      Object.entries(grants).map(([bucket, granted]) => {
        const bucketId = bucket === 'photos' ? grantedId : bucket === 'music' ? ids.music : Buffer.alloc(16)
        return [bucket, { bucket, bucketId, grants: granted }]
      }),
    ),
  }
  const find = (name: string) => {
    const id = ids[name as keyof typeof ids]
    if (id === undefined) return Promise.reject(bucketNotFound(name))
    return slow ? Promise.resolve({ ...testBucket(), id }) : { ...testBucket(), id }
  }
  const control = new AccessControl('ROOT', { find: () => (slow ? Promise.resolve(key) : key) }, { find })
  const check = async (...of: Parameters<AccessControl['check']> extends [unknown, ...infer R] ? R : never) =>
    (await control.check(key.id, ...of)) ?? 'allowed'
  return { control, key, check }
}

const copy = { bucket: 'music', sourceBucket: 'photos' }

for (const slow of [false, true]) {
  t.test(
    `each grant allows what it says and nothing else${slow ? ', also where records are read' : ''}`,
    async t => {
      const { check } = controlOf({ photos: ['read'], music: ['write'] }, { slow })
      t.equal(await check('getObject', { bucket: 'photos' }), 'allowed')
      t.equal(await check('putObject', { bucket: 'music' }), 'allowed')
      t.equal(await check('copyObject', copy), 'allowed')
      const denied = { code: 'DENIED', exitCode: 4 }
      await t.rejects(check('putObject', { bucket: 'photos' }), {
        ...denied,
        message: 'the access key TKAAAAAAAAAAAAAAAAAA has no write grant on bucket photos',
        hint: /torc key grant TKAAAAAAAAAAAAAAAAAA photos --write$/,
      })
      await t.rejects(check('getObject', { bucket: 'music' }), denied)
      await t.rejects(check('copyObject', { bucket: 'photos', sourceBucket: 'music' }), denied)
      await t.rejects(check('copyObject', { bucket: 'music', sourceBucket: 'music' }), denied)
      await t.rejects(check('deleteBucket', { bucket: 'photos' }), denied)
      await t.rejects(check('putBucket', { bucket: 'new' }), { ...denied, hint: /grant \S+ '\*' --owner/ })
      await t.rejects(check('getStatus', {}), { ...denied, hint: /--admin/ })
      t.equal(await check('listBuckets', {}), 'allowed')
      t.equal(await check('getBucket', { bucket: 'music' }), 'allowed', 'any grant shows the settings')
    },
  )
}

t.test('a bucket without a grant is denied in the same words, whether it is there or not', async t => {
  const { check } = controlOf({ gone: ['read'] })
  const words = async (bucket: string) => {
    try {
      await check('getObject', { bucket })
      return 'allowed'
    } catch (thrown) {
      return TorcError.from(thrown).message.replace(bucket, 'BUCKET')
    }
  }
  t.match(await words('photos'), /no read grant/)
  t.equal(await words('photos'), await words('nowhere'))
  t.equal(await words('photos'), await words('gone'), 'nor does a grant on one that was removed tell')
})

t.test('a grant is of the very bucket, not of a later one of its name', async t => {
  for (const slow of [false, true]) {
    const { check } = controlOf({ photos: ['read'] }, { slow, grantedId: Buffer.alloc(16, 9) })
    await t.rejects(check('getObject', { bucket: 'photos' }), { code: 'DENIED' })
  }
})

t.test('a grant on all buckets', async t => {
  const { check } = controlOf({ '*': ['owner', 'read'], photos: ['write'] })
  t.equal(await check('putBucket', { bucket: 'new' }), 'allowed')
  t.equal(await check('getObject', { bucket: 'nowhere' }), 'allowed', 'whether it is there is said later')
  t.equal(await check('putObject', { bucket: 'photos' }), 'allowed', 'beside it, others count')
  await t.rejects(check('putObject', { bucket: 'music' }), { code: 'DENIED' })
  t.equal(await check('grantAccess', { bucket: '*' }), 'allowed')
})

t.test('owners give grants on their bucket alone, operators on any', async t => {
  const owner = controlOf({ photos: ['owner'] })
  t.equal(await owner.check('grantAccess', { bucket: 'photos' }), 'allowed')
  t.equal(await owner.check('revokeAccess', { bucket: 'photos' }), 'allowed')
  await t.rejects(owner.check('grantAccess', { bucket: 'music' }), { code: 'DENIED' })
  await t.rejects(owner.check('grantAccess', { bucket: '*' }), { code: 'DENIED' })
  await t.rejects(owner.check('createAccessKey', {}), { code: 'DENIED' })
  t.equal(await owner.check('getAccessKey', {}), 'allowed', 'its own')
  await t.rejects(owner.check('getAccessKey', { accessKey: 'TKBBBBBBBBBBBBBBBBBB' }), { code: 'DENIED' })
  const operator = controlOf({}, { admin: true })
  t.equal(await operator.check('grantAccess', { bucket: '*' }), 'allowed')
  t.equal(await operator.check('startRepair', {}), 'allowed')
  await t.rejects(operator.check('getObject', { bucket: 'photos' }), { code: 'DENIED' })
})

t.test('policies: of a key with write, of a bucket with owner, of the cluster as operator', async t => {
  const writer = controlOf({ photos: ['write'] })
  t.equal(await writer.check('setPolicy', { bucket: 'photos', key: 'k' }), 'allowed')
  await t.rejects(writer.check('setPolicy', { bucket: 'photos' }), { code: 'DENIED' })
  await t.rejects(writer.check('setPolicy', {}), { code: 'DENIED' })
  await t.rejects(writer.check('getPolicy', { bucket: 'photos', key: 'k' }), { code: 'DENIED' })
  t.equal(await writer.check('getPolicy', { bucket: 'photos' }), 'allowed')
  t.equal(await writer.check('getPolicy', {}), 'allowed')
  t.equal(await controlOf({ photos: ['owner'] }).check('setPolicy', { bucket: 'photos' }), 'allowed')
  t.equal(await controlOf({}, { admin: true }).check('setPolicy', {}), 'allowed')
})

t.test("the server's own files are for operators", async t => {
  const user = controlOf({ photos: ['read', 'write'] })
  const shared = { bucket: 'photos', shared: 'root/file' }
  await t.rejects(user.check('putObject', shared), { code: 'DENIED', message: /administer/ })
  await t.rejects(user.check('getObject', shared), { code: 'DENIED' })
  const operator = controlOf({ photos: ['read', 'write'] }, { admin: true })
  t.equal(await operator.check('putObject', shared), 'allowed')
})

t.test('the root key and gateways may do everything, and nothing is read for them', async t => {
  const never = { find: () => t.fail('a record was read') as never }
  const control = new AccessControl('ROOT', never, never)
  t.equal(control.check('ROOT', 'deleteAccessKey', {}), undefined)
  t.equal(principalOf({ role: 'gateway', id: 'gateway-1' }, 'ROOT'), 'ROOT')
  t.equal(principalOf({ role: 'client', id: 'TK' }, 'ROOT'), 'TK')
  t.strictSame(await control.seen('ROOT', ['a'], name => name), ['a'])
})

t.test('a list of buckets shows those with a grant', async t => {
  const { control, key } = controlOf({ photos: ['owner'], gone: ['read'] })
  t.strictSame(await control.seen(key.id, ['gone', 'music', 'photos'], name => name), ['photos'])
  const all = controlOf({ '*': ['write'] })
  t.strictSame(await all.control.seen(key.id, ['music', 'photos'], name => name), ['music', 'photos'])
})
