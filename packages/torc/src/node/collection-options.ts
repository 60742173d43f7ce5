import type { OptionsOf } from '@torc/client/config/option'
import { defineOptions } from '@torc/client/config/options'
import type { CollectionOptions } from '@torc/node-agent/collection/collection'

/** When agents let go of what nobody needs any more. */
export const collectionOptions = defineOptions({
  blockGrace: {
    type: 'duration',
    value: 'SPAN',
    doc: 'How long a block stays that nothing refers to any more; 1h when absent',
  },
  uploadExpiry: {
    type: 'duration',
    value: 'SPAN',
    min: 100,
    doc: 'How long an upload may stand still before its blocks may go; 1h when absent',
  },
  collectAfter: {
    type: 'duration',
    value: 'SPAN',
    min: 100,
    doc: 'How long a key must have been without versions before what is left of it goes; 1h when absent',
  },
  keepChanges: {
    type: 'integer',
    value: 'N',
    min: 1,
    doc: 'How many changes an agent keeps for those who watch, at most; 1000000 when absent',
  },
})

type Given = OptionsOf<typeof collectionOptions>

export function collectionOf({ blockGrace, uploadExpiry, collectAfter }: Given): CollectionOptions {
  return { graceMs: blockGrace, uploadMs: uploadExpiry, remainderMs: collectAfter }
}

/** The same as arguments of another process. */
export function collectionArguments(given: Given): string[] {
  const { blockGrace, uploadExpiry, collectAfter, keepChanges } = given
  return [
    ...(blockGrace === undefined ? [] : ['--block-grace', `${blockGrace}ms`]),
    ...(uploadExpiry === undefined ? [] : ['--upload-expiry', `${uploadExpiry}ms`]),
    ...(collectAfter === undefined ? [] : ['--collect-after', `${collectAfter}ms`]),
    ...(keepChanges === undefined ? [] : ['--keep-changes', String(keepChanges)]),
  ]
}
