import { TorcError } from '@torc/protocol/errors'
import type { ClosableStore } from '../../src/accounts/kept-client.js'

/** A client that notes what is asked of it. */
export class FakeClient {
  readonly calls: string[] = []
  closed = false
  /** Buckets that everybody may read. */
  readonly open = new Set<string>()

  get store(): ClosableStore {
    const note = (what: string): void => {
      if (this.closed) throw new TorcError('UNREACHABLE', 'it is closed')
      this.calls.push(what)
    }
    const client = {
      headBucket: async (bucket: string) => {
        note(`headBucket ${bucket}`)
        if (bucket === 'none') throw new TorcError('BUCKET_NOT_FOUND', 'there is none')
        return { bucket, publicRead: this.open.has(bucket) }
      },
      head: async (bucket: string, key: string) => {
        note(`head ${bucket}/${key}`)
        return { key }
      },
      async *list(bucket: string) {
        note(`list ${bucket}`)
        yield { bucket, key: 'a' }
        yield { bucket, key: 'b' }
      },
      put: async () => note('put'),
      keys: { list: async () => [note('keys')] },
      close: async () => {
        this.closed = true
      },
    }
    return client as unknown as ClosableStore
  }
}
