import type { OptionsOf } from '@torc/client/config/option'
import { defineOptions } from '@torc/client/config/options'
import type { CollectionOptions } from '@torc/node-agent/collection/collection'

/** When agents let blocks go that nobody needs. */
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
})

type Given = OptionsOf<typeof collectionOptions>

export function collectionOf({ blockGrace, uploadExpiry }: Given): CollectionOptions {
  return { graceMs: blockGrace, uploadMs: uploadExpiry }
}

/** The same as arguments of another process. */
export function collectionArguments({ blockGrace, uploadExpiry }: Given): string[] {
  return [
    ...(blockGrace === undefined ? [] : ['--block-grace', `${blockGrace}ms`]),
    ...(uploadExpiry === undefined ? [] : ['--upload-expiry', `${uploadExpiry}ms`]),
  ]
}
