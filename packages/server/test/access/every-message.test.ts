import { TorcError } from '@torc/protocol/errors'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import { handshakeSecretOf } from '@torc/protocol/handshake/root-key'
import { type Access, type Grant, grants, requirementsOf } from '@torc/protocol/messages/access'
import {
  type MessageName,
  messages,
  type RequestOf,
  type UserMessageName,
} from '@torc/protocol/messages/table'
import { parseAddress } from '@torc/protocol/transport/transport'
import t from 'tap'
import { clientTo, environment, listen, start } from '../fakes/running-server.js'

const opId = () => environment.random.bytes(16)
const object = { bucket: 'b', key: 'k' }
const part = { ...object, uploadId: 'u', partNumber: 1, opId: opId() }
const block = { ...object, opId: opId(), size: 1, hash: Buffer.alloc(32) }
const noBlocks = { ...object, opId: opId(), hashes: Buffer.alloc(0), sizes: [] }
const session = { bucket: 'b', prefix: '', client: 'c', session: 's' }
const otherKey = 'TKZZZZZZZZZZZZZZZZZZ'

/** A request of each message that users may send. One that is missing here does not compile. */
const requests: { readonly [N in UserMessageName]: RequestOf<N> } = {
  putObject: { ...object, opId: opId() },
  postDatum: { bucket: 'b', opId: opId() },
  getObject: object,
  headObject: object,
  deleteObject: { ...object, opId: opId() },
  copyObject: { ...object, opId: opId(), sourceBucket: 'source', sourceKey: 'k' },
  offerBlocks: noBlocks,
  proveBlocks: { ...noBlocks, proofs: Buffer.alloc(0) },
  putObjectBlock: block,
  commitBlocks: { ...object, opId: opId(), size: 20_000, sha256: Buffer.alloc(32) },
  getHistory: object,
  getPolicy: object,
  setPolicy: { bucket: 'b', policy: 'all' },
  getTags: object,
  setTags: { ...object, set: [], clear: [] },
  listKeys: { bucket: 'b' },
  listVersions: { bucket: 'b' },
  fetchBucket: { bucket: 'b' },
  watchBucket: { bucket: 'b' },
  putBucket: { bucket: 'new' },
  getBucket: { bucket: 'b' },
  setBucket: { bucket: 'b', strict: false },
  deleteBucket: { bucket: 'b' },
  listBuckets: {},
  getStatus: {},
  initLayout: {},
  stageLayout: { replicas: 2 },
  cancelLayout: {},
  applyLayout: {},
  recoverLayout: {},
  getLayout: {},
  startScrub: {},
  getScrub: {},
  startRepair: {},
  getRepair: {},
  fetchObjectBlocks: object,
  createUpload: { ...object, opId: opId() },
  uploadPart: part,
  copyPart: { ...part, sourceBucket: 'source', sourceKey: 'k' },
  completeUpload: { ...object, uploadId: 'u', opId: opId(), parts: [] },
  abortUpload: { ...object, uploadId: 'u' },
  listParts: { ...object, uploadId: 'u' },
  listUploads: { bucket: 'b' },
  createAccessKey: { opId: opId() },
  getAccessKey: { accessKey: otherKey },
  listAccessKeys: {},
  grantAccess: { accessKey: otherKey, bucket: 'b', grants: ['read'] },
  revokeAccess: { accessKey: otherKey, bucket: 'b', grants: ['read'] },
  deleteAccessKey: { accessKey: otherKey },
  openSyncSession: { bucket: 'b', opId: opId(), prefix: '', place: 'host:/folder' },
  keepSyncSession: { ...session, cursor: 'c' },
  listSyncSessions: { bucket: 'b' },
  endSyncSession: session,
}
const names = Object.keys(requests) as UserMessageName[]

/** What any key may ask; what it hears depends on its grants. */
const forAnyKey = new Set<UserMessageName>(['listBuckets'])

/** The code of the error that the request is answered with; undefined where it is served. */
async function ask(x: Exchange, name: MessageName, head: unknown): Promise<string | undefined> {
  const body = messages[name].requestBody === 'required' ? Buffer.from('x') : undefined
  const sent = [name, head as RequestOf<typeof name>, { body }] as const
  try {
    if (messages[name].frame === 'FETCH') for await (const _ of x.fetch(...sent));
    else await x.request(...sent)
    return undefined
  } catch (thrown) {
    return TorcError.from(thrown).code
  }
}

/** What a key has: whether it administers, and its grants by bucket. */
interface Held {
  readonly admin: boolean
  readonly grants: Readonly<Record<string, readonly Grant[]>>
}
const everything: Held = { admin: true, grants: { b: grants, source: grants, '*': grants } }
const nothing: Held = { admin: false, grants: {} }

function requirementsFor(name: UserMessageName) {
  const { access }: { readonly access: Access } = messages[name]
  return requirementsOf(access, requests[name] as Record<string, unknown>)
}

/** Just what the message needs. */
function enoughFor(name: UserMessageName): Held {
  const granted: Record<string, Grant[]> = {}
  let admin = false
  for (const requirement of requirementsFor(name)) {
    if (requirement.needs === 'admin') admin = true
    else {
      const grant = requirement.needs === 'some' ? 'owner' : requirement.needs
      granted[requirement.bucket] = [...(granted[requirement.bucket] ?? []), grant]
    }
  }
  return { admin, grants: granted }
}

/** For each thing that the message needs: all but that. */
function shortFor(name: UserMessageName): Held[] {
  return requirementsFor(name).map(requirement => {
    const { '*': _, ...rest } = everything.grants
    if (requirement.needs === 'admin') return { ...everything, admin: false }
    const { needs, bucket, orAdmin } = requirement
    const others = grants.filter(grant => needs !== 'some' && grant !== needs)
    return { admin: !orAdmin, grants: { ...rest, [bucket]: others } }
  })
}

t.test('every request of a user needs what its message says', async t => {
  const { server, client, transport } = await start(t)
  const root = await client()
  await root.request('initLayout', { agents: 3, replicas: 3 })
  for (const bucket of ['b', 'source']) {
    await root.request('putBucket', { bucket })
    await root.request('putObject', { bucket, key: 'kept', opId: opId() })
  }
  const exchanges = new Map<string, Exchange>()
  t.teardown(() => {
    for (const exchange of exchanges.values()) exchange.destroy()
  })
  /** A client whose key has just this. */
  const having = async (held: Held): Promise<Exchange> => {
    const known = exchanges.get(JSON.stringify(held))
    if (known !== undefined) return known
    const { keys } = server.store
    const { accessKey, secretKey } = await keys.create({ admin: held.admin })
    for (const [bucket, granted] of Object.entries(held.grants))
      if (granted.length > 0) await keys.grant(accessKey, bucket, granted)
    const proof = { id: accessKey, secret: handshakeSecretOf(secretKey) }
    const exchange = await clientTo(transport, parseAddress(server.address) ?? listen, proof)
    exchanges.set(JSON.stringify(held), exchange)
    return exchange
  }
  const fromUsers = (Object.keys(messages) as MessageName[]).filter(name =>
    (messages[name].from as readonly string[]).includes('client'),
  )
  t.strictSame(names.sort(), fromUsers.sort())
  for (const name of names) {
    const code = await ask(await having(nothing), name, requests[name])
    if (forAnyKey.has(name)) t.equal(code, undefined, `${name} is served to any key`)
    else t.equal(code, 'DENIED', `${name} is denied to a key without grants`)
    for (const held of shortFor(name)) {
      const missing = await ask(await having(held), name, requests[name])
      t.equal(missing, 'DENIED', `${name} is denied where one thing is missing`)
    }
    t.not(await ask(await having(enoughFor(name)), name, requests[name]), 'DENIED', `${name} is let through`)
  }
  const outsider = await having(nothing)
  t.strictSame((await outsider.request('listBuckets', {})).head.buckets, [], 'and sees no bucket')
  const own = (await outsider.request('getAccessKey', {})).head
  t.match(own, { accessKey: outsider === undefined ? '' : /^TK/, admin: false, grants: [] }, 'but itself')
  const insider = await having(enoughFor('getObject'))
  t.match((await insider.request('listBuckets', {})).head.buckets, [{ bucket: 'b' }])
})
