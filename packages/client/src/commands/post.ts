import { resolve } from 'node:path'
import { TorcError } from '@torc/protocol/errors'
import { readLocalBody } from '../files/local-body.js'
import { putRecord } from '../output/records.js'
import { inputTimeoutMs } from '../transfer/timeouts.js'
import { defineCommand } from './command.js'
import { readStandardInput } from './standard-input.js'
import { parseBucket } from './target.js'
import { putOptionsOf, writeOptions } from './write-options.js'

export const post = defineCommand({
  name: 'post',
  describe: 'Store a datum under a key that the server makes; prints the key',
  arguments: {
    bucket: { label: 'BUCKET', kind: 'bucket', required: true, doc: 'Bucket to store it in' },
    file: {
      label: 'FILE|-',
      kind: 'file',
      required: false,
      doc: 'What to store; standard input when absent or -',
    },
  },
  options: {
    text: { type: 'text', value: 'STRING', doc: 'Store this text' },
    ...writeOptions,
  },
  examples: [
    { line: "post events --text 'door opened'", does: 'stores a text and prints its key' },
    { line: 'post events reading.json', does: 'stores a file' },
  ],
  async run(context) {
    const { options, output, signal } = context
    const bucket = parseBucket(context.arguments.bucket)
    const { file } = context.arguments
    if (options.text !== undefined && file !== undefined) {
      throw new TorcError('BAD_REQUEST', 'post takes --text or a FILE, not both')
    }
    const fromInput = options.text === undefined && (file === undefined || file === '-')
    const source =
      options.text !== undefined
        ? { body: options.text, size: undefined }
        : file === undefined || file === '-'
          ? { body: readStandardInput(context), size: undefined }
          : await readLocalBody(resolve(context.directory, file))
    const store = await context.store()
    const progress = context.progress.start({ label: bucket, bytes: source.size })
    try {
      const onProgress = (bytes: number): void => progress.bytes(bytes)
      const timeoutMs = fromInput ? inputTimeoutMs(context) : undefined
      const put = { ...putOptionsOf(options), size: source.size, onProgress, signal, timeoutMs }
      const result = await store.post(bucket, source.body, put)
      progress.end()
      if (output.json) output.record(putRecord(result))
      else output.line(result.key)
    } finally {
      progress.end()
    }
    return 0
  },
})
