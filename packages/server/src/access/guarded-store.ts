import type { UserMessageName } from '@torc/protocol/messages/table'
import type { AccessKeyAdmin } from '@torc/protocol/store/access-keys'
import type { Admin } from '@torc/protocol/store/admin'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import type { AccessControl } from './access-control.js'
import type { Principal } from './principal.js'

type Store = ObjectStore & Admin
/** The message that asks for the same over the wire, and the fields of its head that matter to who may ask it. */
type Asked = readonly [message: UserMessageName, head: Readonly<Record<string, unknown>>]
type AskedBy<A extends readonly unknown[]> = (...given: A) => readonly Asked[]

interface Once<A extends readonly unknown[]> {
  readonly iterates: false
  readonly asks: AskedBy<A>
}
interface Items<A extends readonly unknown[]> {
  readonly iterates: true
  readonly asks: AskedBy<A>
}
/** A call that is missing here, or whose kind is another, does not compile. */
type Calls<T> = {
  readonly [K in keyof T]: T[K] extends (...given: infer A) => AsyncIterable<unknown>
    ? Items<A>
    : T[K] extends (...given: infer A) => Promise<unknown>
      ? Once<A>
      : never
}

const once = <A extends readonly unknown[]>(asks: AskedBy<A>): Once<A> => ({ iterates: false, asks })
const items = <A extends readonly unknown[]>(asks: AskedBy<A>): Items<A> => ({ iterates: true, asks })

/** Calls on one bucket, which is their first argument. */
const ofBucket =
  (message: UserMessageName, more: Readonly<Record<string, unknown>> = {}) =>
  (bucket: string): readonly Asked[] => [[message, { bucket, ...more }]]
const ofCluster = (message: UserMessageName) => (): readonly Asked[] => [[message, {}]]
const sharedPath = { shared: true }

const storeCalls: Calls<Omit<Store, 'keys'>> = {
  put: once(ofBucket('putObject')),
  putShared: once(ofBucket('putObject', sharedPath)),
  post: once(ofBucket('postDatum')),
  get: once(ofBucket('getObject')),
  getShared: once(ofBucket('getObject', sharedPath)),
  head: once(ofBucket('headObject')),
  delete: once(ofBucket('deleteObject')),
  copy: once((source, bucket) => [['copyObject', { bucket, sourceBucket: source.bucket }]]),
  history: items(ofBucket('getHistory')),
  restore: items(bucket => [
    ['listVersions', { bucket }],
    ['copyObject', { bucket, sourceBucket: bucket }],
    ['deleteObject', { bucket }],
  ]),
  policy: once(target => [['getPolicy', { ...target }]]),
  setPolicy: once(target => [['setPolicy', { ...target }]]),
  tags: once(ofBucket('getTags')),
  setTags: once(ofBucket('setTags')),
  list: items(ofBucket('listKeys')),
  versions: items(ofBucket('listVersions')),
  listPage: once((bucket, what) => [[what === 'keys' ? 'listKeys' : 'listVersions', { bucket }]]),
  fetch: items(ofBucket('fetchBucket')),
  changes: once(ofBucket('watchBucket')),
  watch: items(ofBucket('watchBucket')),
  createBucket: once(ofBucket('putBucket')),
  headBucket: once(ofBucket('getBucket')),
  changeBucket: once(ofBucket('setBucket')),
  deleteBucket: once(ofBucket('deleteBucket')),
  buckets: once(ofCluster('listBuckets')),
  createUpload: once(ofBucket('createUpload')),
  uploadPart: once(ofBucket('uploadPart')),
  copyPart: once((bucket, _key, _uploadId, _partNumber, source) => [
    ['copyPart', { bucket, sourceBucket: source.bucket }],
  ]),
  parts: items(ofBucket('listParts')),
  partPage: once(ofBucket('listParts')),
  uploads: items(ofBucket('listUploads')),
  uploadPage: once(ofBucket('listUploads')),
  completeUpload: once(ofBucket('completeUpload')),
  abortUpload: once(ofBucket('abortUpload')),
  openSyncSession: once(ofBucket('openSyncSession')),
  keepSyncSession: once(({ bucket }) => [['keepSyncSession', { bucket }]]),
  syncSessions: once(ofBucket('listSyncSessions')),
  endSyncSession: once(({ bucket }) => [['endSyncSession', { bucket }]]),
  status: once(ofCluster('getStatus')),
  layout: once(ofCluster('getLayout')),
  initLayout: once(ofCluster('initLayout')),
  stageLayout: once(ofCluster('stageLayout')),
  cancelLayout: once(ofCluster('cancelLayout')),
  applyLayout: once(ofCluster('applyLayout')),
  recoverLayout: once(ofCluster('recoverLayout')),
  scrubStatus: once(ofCluster('getScrub')),
  scrub: once(ofCluster('startScrub')),
  repairStatus: once(ofCluster('getRepair')),
  repair: once(ofCluster('startRepair')),
  blocks: items(ofBucket('fetchObjectBlocks')),
}

const keyCalls: Calls<AccessKeyAdmin> = {
  create: once(ofCluster('createAccessKey')),
  list: once(ofCluster('listAccessKeys')),
  show: once(accessKey => [['getAccessKey', { accessKey }]]),
  grant: once((_accessKey, bucket) => [['grantAccess', { bucket }]]),
  revoke: once((_accessKey, bucket) => [['revokeAccess', { bucket }]]),
  delete: once(ofCluster('deleteAccessKey')),
}

/** The store in this process as one access key may use it; its calls fail with DENIED as requests over the wire do. */
export function guardedStore(store: Store, control: AccessControl, principal: Principal): Store {
  if (principal === control.root) return store
  const check = async (asked: readonly Asked[]): Promise<void> => {
    for (const [message, head] of asked) await control.check(principal, message, head)
  }
  const guarded = guardCalls<Omit<Store, 'keys'>>(store, storeCalls, check)
  const keys = guardCalls<AccessKeyAdmin>(store.keys, keyCalls, check)
  return {
    ...guarded,
    buckets: async options => control.seen(principal, await guarded.buckets(options), ({ bucket }) => bucket),
    keys: {
      ...keys,
      async show(accessKey, options) {
        if (accessKey !== undefined) return keys.show(accessKey, options)
        await check(keyCalls.show.asks())
        return store.keys.show(principal, options)
      },
    },
  }
}

type Check = (asked: readonly Asked[]) => Promise<void>
type AnyCall = (...given: readonly unknown[]) => unknown
type AnyCalls = Readonly<Record<string, Once<readonly unknown[]> | Items<readonly unknown[]>>>

function guardCalls<T extends object>(target: T, calls: Calls<T>, check: Check): T {
  const methods = target as Readonly<Record<string, AnyCall>>
  const guarded: Record<string, AnyCall> = {}
  for (const [name, { iterates, asks }] of Object.entries(calls as unknown as AnyCalls)) {
    const call: AnyCall = (...given) => methods[name]?.call(target, ...given)
    guarded[name] = iterates
      ? (...given) => checkedItems(() => call(...given) as AsyncIterable<unknown>, asks(...given), check)
      : async (...given) => {
          await check(asks(...given))
          return call(...given)
        }
  }
  return guarded as T
}

/** Asks again before each item: what takes hours ends soon after its key lost what it needs. */
async function* checkedItems(
  call: () => AsyncIterable<unknown>,
  asked: readonly Asked[],
  check: Check,
): AsyncGenerator<unknown> {
  await check(asked)
  for await (const item of call()) {
    await check(asked)
    yield item
  }
}
