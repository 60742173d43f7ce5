import t from 'tap'
import {
  type Access,
  accessText,
  copies,
  requirementsOf,
  sharesPath,
  writes,
} from '../../src/messages/access.js'
import { type MessageName, messages } from '../../src/messages/table.js'

t.test('what a request needs follows from its fields', async t => {
  const onB = (needs: string, orAdmin = false) => ({ needs, bucket: 'b', orAdmin })
  t.strictSame(requirementsOf([], { bucket: 'b' }), [])
  t.strictSame(requirementsOf(writes, { bucket: 'b' }), [onB('write')])
  t.strictSame(requirementsOf(copies, { bucket: 'b', sourceBucket: 's' }), [
    onB('write'),
    { needs: 'read', bucket: 's', orAdmin: false },
  ])
  const shared = [...writes, sharesPath]
  t.strictSame(requirementsOf(shared, { bucket: 'b' }), [onB('write')])
  t.match(requirementsOf(shared, { bucket: 'b', shared: 'p' }), [onB('write'), { needs: 'admin' }])
  const policy = messages.setPolicy.access
  t.strictSame(requirementsOf(policy, { bucket: 'b' }), [onB('owner')])
  t.strictSame(requirementsOf(policy, { bucket: 'b', key: 'k' }), [onB('write')])
  t.match(requirementsOf(policy, {}), [{ needs: 'admin' }])
  t.match(requirementsOf(policy, { key: 'k' }), [{ needs: 'admin' }], 'a key of no bucket')
  t.strictSame(requirementsOf(messages.grantAccess.access, { bucket: 'b' }), [onB('owner', true)])
  t.strictSame(requirementsOf(messages.putBucket.access, { bucket: 'b' }), [
    { needs: 'owner', bucket: '*', orAdmin: false },
  ])
})

t.test('what a message needs names fields that it has, and those that must be there', async t => {
  for (const name of Object.keys(messages) as MessageName[]) {
    const { access, from, request }: { access?: Access; from: readonly string[]; request: object } =
      messages[name]
    t.equal(access !== undefined, from.includes('client'), `${name} says it if users may send it`)
    for (const need of access ?? []) {
      const fields = [need.when, need.unless, 'of' in need && need.of !== '*' ? need.of : undefined]
      for (const field of fields) if (field !== undefined) t.ok(field in request, `${name}: ${field}`)
      if (!('of' in need) || need.of === '*') continue
      // A request without its bucket would need nothing.
      const { optional } = (request as Record<string, { optional: boolean }>)[need.of] ?? { optional: true }
      const elsewhere = access?.some(({ unless }) => unless === need.of) || name === 'getPolicy'
      t.ok(!optional || elsewhere, `${name}: ${need.of} is always there, or its absence is seen to`)
    }
  }
})

t.test('as the document says it', async t => {
  t.equal(accessText([]), 'any access key')
  t.equal(accessText(copies), '`write` on `bucket`, `read` on `sourceBucket`')
  t.equal(accessText([sharesPath]), '`admin` where there is `shared`')
  t.equal(accessText(messages.grantAccess.access), '`owner` on `bucket` or `admin`')
  t.equal(accessText(messages.putBucket.access), '`owner` on all buckets')
  t.match(accessText(messages.setPolicy.access), '`owner` on `bucket` where there is no `key`')
  t.equal(accessText(messages.getBucket.access), 'any grant on `bucket`')
})
