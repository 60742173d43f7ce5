/** What `import … from '@torc/client'` offers. */
export { TorcError } from '@torc/protocol/errors'
export type * from '@torc/protocol/store/object-store'
export type * from '@torc/protocol/store/scrub'
export { unfinishedScrubs } from '@torc/protocol/store/scrub'
export { type ConnectOptions, connect } from './connect.js'
export type { Store } from './store/remote-store.js'
export { RepeatableBody } from './store/repeatable-body.js'
