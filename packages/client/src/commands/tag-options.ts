import { defineOptions } from '../config/options.js'
import { defineArguments } from './command.js'

export const tagArguments = defineArguments({
  target: { label: 'BUCKET/KEY', kind: 'target', required: true, doc: 'Object that the tags belong to' },
})

export const tagOptions = defineOptions({
  versionId: {
    type: 'text',
    value: 'ID',
    doc: 'This version (a unique beginning of its id suffices); the latest when absent',
  },
})
