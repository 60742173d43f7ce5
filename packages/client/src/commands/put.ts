import { resolve } from 'node:path'
import { TorcError } from '@torc/protocol/errors'
import { defineOptions } from '../config/options.js'
import { readLocalBody } from '../files/local-body.js'
import { count, formatBytes } from '../output/format.js'
import { putRecord } from '../output/records.js'
import { chosenTimeoutMs, inputTimeoutMs } from '../transfer/timeouts.js'
import { uploadTree } from '../transfer/upload-tree.js'
import { type CommandContext, defineArguments, defineCommand } from './command.js'
import { readStandardInput } from './standard-input.js'
import { folderPrefix, parseObjectTarget, parseTarget } from './target.js'
import { conditionOptions, putOptionsOf, reportPut, writeOptions } from './write-options.js'

const putArguments = defineArguments({
  first: {
    label: 'BUCKET/KEY',
    kind: 'target',
    recursiveKind: 'directory',
    required: true,
    doc: 'Where to store it',
  },
  second: {
    label: 'FILE|-',
    kind: 'file',
    recursiveKind: 'prefix',
    required: false,
    doc: 'What to store; standard input when absent or -',
  },
})

const putOptions = defineOptions({
  recursive: { type: 'boolean', doc: 'Store every file below DIR under PREFIX, several at once' },
  shared: { type: 'boolean', doc: 'Let the server read the file itself (it must see the same path)' },
  context: {
    type: 'text',
    value: 'TOKEN',
    doc: 'Context of a get or head: replace just what it showed; empty: nothing',
  },
  ...conditionOptions,
  ...writeOptions,
})

type PutContext = CommandContext<typeof putArguments, typeof putOptions>

export const put = defineCommand({
  name: 'put',
  describe: 'Store a file, standard input or a tree of files',
  usage: ['BUCKET/KEY [FILE|-]', '--recursive DIR BUCKET[/PREFIX]'],
  arguments: putArguments,
  options: putOptions,
  examples: [
    { line: 'put photos/sea.jpg sea.jpg', does: 'stores a file' },
    { line: 'put logs/today --content-type text/plain', does: 'stores standard input' },
    { line: 'put locks/job me.txt --if-none-match', does: 'stores it only where nobody else did' },
    { line: 'put --recursive ./album photos/2026', does: 'stores a tree' },
  ],
  async run(context) {
    const { first, second } = context.arguments
    return context.options.recursive ? putTree(context, first, second) : putOne(context, first, second)
  },
})

async function putOne(context: PutContext, named: string, file: string | undefined): Promise<number> {
  const { options, signal } = context
  const { bucket, key } = parseObjectTarget(named)
  const put = { ...putOptionsOf(options), signal }
  if (options.shared) {
    if (file === undefined || file === '-') {
      throw new TorcError('BAD_REQUEST', '--shared needs a FILE', {
        hint: 'Name the file that the server shall read.',
      })
    }
    const path = resolve(context.directory, file)
    const store = await context.store()
    const progress = context.progress.start({ label: `the server reads ${path}` })
    try {
      const result = await store.putShared(bucket, key, path, { ...put, timeoutMs: chosenTimeoutMs(context) })
      progress.end()
      reportPut(context, result)
    } finally {
      progress.end()
    }
    return 0
  }
  const fromInput = file === undefined || file === '-'
  const source = fromInput
    ? { body: readStandardInput(context), size: undefined }
    : await readLocalBody(resolve(context.directory, file))
  const store = await context.store()
  const progress = context.progress.start({ label: `${bucket}/${key}`, bytes: source.size })
  try {
    const onProgress = (bytes: number): void => progress.bytes(bytes)
    const timeoutMs = fromInput ? inputTimeoutMs(context) : undefined
    const result = await store.put(bucket, key, source.body, {
      ...put,
      size: source.size,
      onProgress,
      timeoutMs,
    })
    progress.end()
    reportPut(context, result)
  } finally {
    progress.end()
  }
  return 0
}

async function putTree(context: PutContext, directory: string, named: string | undefined): Promise<number> {
  const { options, output } = context
  if (named === undefined) {
    throw new TorcError('BAD_REQUEST', 'put --recursive needs DIR and BUCKET[/PREFIX]', {
      hint: 'For example: put --recursive ./album photos/2026',
    })
  }
  const target = parseTarget(named)
  const { files, bytes, failures } = await uploadTree(context, {
    directory: resolve(context.directory, directory),
    target,
    put: putOptionsOf(options),
    shared: options.shared,
    onStored: result => {
      if (output.json) output.record(putRecord(result))
    },
  })
  const place = `${target.bucket}/${folderPrefix(target.key)}`
  output.summary(`stored ${count(files, 'file')}, ${formatBytes(bytes)}, under ${place}`)
  if (failures.count > 0) output.note(`${count(failures.count, 'file')} not stored`)
  return failures.exitCode
}
