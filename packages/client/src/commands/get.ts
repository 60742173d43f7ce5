import { resolve } from 'node:path'
import { TorcError } from '@torc/protocol/errors'
import type { GetOptions, VersionInfo } from '@torc/protocol/store/object-store'
import { defineOptions } from '../config/options.js'
import { writeFileWhole } from '../files/atomic-file.js'
import { count, formatBytes, printable } from '../output/format.js'
import { versionRecord } from '../output/records.js'
import { downloadTree, type WantedObject } from '../transfer/download-tree.js'
import { chosenTimeoutMs } from '../transfer/timeouts.js'
import { atOption, parseAt } from './at.js'
import { type CommandContext, defineArguments, defineCommand, nameToType } from './command.js'
import { parseRange } from './range.js'
import { writeSiblings } from './siblings.js'
import { folderPrefix, parseObjectTarget, parseTarget, type Target } from './target.js'

const getArguments = defineArguments({
  target: {
    label: 'BUCKET/KEY',
    kind: 'target',
    recursiveKind: 'prefix',
    required: true,
    doc: 'What to read',
  },
  file: {
    label: 'FILE|-',
    kind: 'file',
    recursiveKind: 'directory',
    required: false,
    doc: 'Where to write it; standard output when absent or -',
  },
})

const getOptions = defineOptions({
  recursive: { type: 'boolean', doc: 'Write every object under PREFIX below DIR, several at once' },
  shared: { type: 'boolean', doc: 'Let the server write the file itself (it must see the same path)' },
  versionId: { type: 'text', value: 'ID', doc: 'This version (a unique beginning of its id suffices)' },
  at: atOption,
  range: { type: 'text', value: 'A-B', doc: 'Bytes A to B, from A on (A-), or the last N (-N)' },
  allSiblings: {
    type: 'path',
    value: 'DIR',
    doc: 'Write every head (the latest and its siblings) below DIR, each under the id of its version',
  },
})

type GetContext = CommandContext<typeof getArguments, typeof getOptions>

export const get = defineCommand({
  name: 'get',
  describe: 'Read an object, to a file or standard output, or a tree of objects',
  usage: ['BUCKET/KEY [FILE|-]', 'BUCKET/KEY --all-siblings DIR', '--recursive BUCKET[/PREFIX] DIR'],
  arguments: getArguments,
  options: getOptions,
  examples: [
    { line: 'get photos/sea.jpg sea.jpg', does: 'writes the object to a file' },
    { line: 'get logs/today', does: 'writes it to standard output' },
    { line: 'get --recursive photos/2026 ./album', does: 'writes a tree' },
    { line: 'get photos/sea.jpg old.jpg --at 2h', does: 'writes what it was two hours ago' },
    { line: 'get notes/plan --all-siblings ./heads', does: 'writes versions that nobody has merged yet' },
  ],
  async run(context) {
    const { target, file } = context.arguments
    const { versionId, at, allSiblings } = context.options
    if (versionId !== undefined && at !== undefined)
      throw new TorcError('BAD_REQUEST', 'get takes --version-id or --at, not both')
    if (allSiblings !== undefined) return getSiblings(context, target, file, allSiblings)
    return context.options.recursive ? getTree(context, target, file) : getOne(context, target, file)
  },
})

async function getOne(context: GetContext, named: string, file: string | undefined): Promise<number> {
  const { options, signal } = context
  const { bucket, key } = parseObjectTarget(named)
  const at = parseAt(options.at, context)
  const wanted: GetOptions = { versionId: options.versionId, at, range: parseRange(options.range), signal }
  if (file === undefined || file === '-') {
    await toStandardOutput(context, bucket, key, wanted)
    return 0
  }
  const path = resolve(context.directory, file)
  const store = await context.store()
  if (options.shared) {
    const progress = context.progress.start({ label: `the server writes ${path}` })
    try {
      const info = await store.getShared(bucket, key, path, {
        ...wanted,
        timeoutMs: chosenTimeoutMs(context),
      })
      progress.end()
      report(context, info, path)
    } finally {
      progress.end()
    }
    return 0
  }
  const progress = context.progress.start({ label: `${bucket}/${key}`, bytes: 0 })
  try {
    const object = await store.get(bucket, key, { ...wanted, onProgress: bytes => progress.bytes(bytes) })
    try {
      const { range, size } = object
      progress.grow(range === undefined ? size : range[1] - range[0] + 1, 0)
      await writeFileWhole(path, object.body)
    } catch (error) {
      object.discard()
      throw error
    }
    progress.end()
    report(context, object, path)
  } finally {
    progress.end()
  }
  return 0
}

const newline = 0x0a

async function toStandardOutput(
  context: GetContext,
  bucket: string,
  key: string,
  wanted: GetOptions,
): Promise<void> {
  if (context.output.json || context.options.shared) {
    const flag = context.options.shared ? '--shared' : '--json'
    throw new TorcError('BAD_REQUEST', `get ${flag} needs a FILE`, { hint: 'Name the file to write.' })
  }
  const store = await context.store()
  // A progress line would be torn apart by a body on the same terminal.
  const progress =
    context.io.stdout.isTTY === true
      ? undefined
      : context.progress.start({ label: `${bucket}/${key}`, bytes: 0 })
  try {
    const object = await store.get(bucket, key, { ...wanted, onProgress: bytes => progress?.bytes(bytes) })
    const { range, size } = object
    progress?.grow(range === undefined ? size : range[1] - range[0] + 1, 0)
    let lastByte = newline
    for await (const piece of object.body) {
      await context.output.write(piece, context.signal)
      lastByte = piece.at(-1) ?? lastByte
    }
    // The shell's prompt would overwrite a last line that is not ended.
    if (context.inShell && context.output.mode === 'terminal' && lastByte !== newline) context.output.line('')
  } finally {
    progress?.end()
  }
}

function report(context: GetContext, info: VersionInfo, path: string): void {
  const { output } = context
  if (output.json) {
    output.record({ ...versionRecord(info), file: path })
    return
  }
  const name = nameToType(context, info.bucket, info.key)
  if (output.mode === 'plain') output.summary([path, info.versionId, info.size, info.etag].join('\t'))
  else
    output.summary(
      `wrote ${output.colors.bold(printable(path))}  ${output.bytes(info.size)}  version ${info.versionId}`,
    )
  if (info.siblings.length > 0)
    output.note(
      `${count(info.siblings.length, 'sibling')} beside it: see \`get ${name} --all-siblings DIR\` or \`head ${name}\``,
    )
  if (info.degraded) output.note('degraded: a source that could know a newer version did not answer')
}

async function getSiblings(
  context: GetContext,
  named: string,
  file: string | undefined,
  directory: string,
): Promise<number> {
  const { recursive, shared, versionId, range, at } = context.options
  if (file !== undefined || recursive || shared || versionId !== undefined || range !== undefined) {
    throw new TorcError(
      'BAD_REQUEST',
      'get --all-siblings takes no FILE, and not --recursive, --shared, --version-id or --range',
    )
  }
  return writeSiblings(context, {
    target: parseObjectTarget(named),
    at: parseAt(at, context),
    directory: resolve(context.directory, directory),
  })
}

async function getTree(context: GetContext, named: string, directory: string | undefined): Promise<number> {
  const { options, output } = context
  if (directory === undefined || options.versionId !== undefined || options.range !== undefined) {
    throw new TorcError(
      'BAD_REQUEST',
      'get --recursive needs BUCKET[/PREFIX] and DIR, and neither --version-id nor --range',
    )
  }
  const target = parseTarget(named)
  const { files, bytes, failures } = await downloadTree(context, {
    label: target.bucket,
    directory: resolve(context.directory, directory),
    wanted: wantedBelow(context, target),
    shared: options.shared,
    onWritten: (object, _wanted, path) => {
      if (output.json && 'versionId' in object) output.record({ ...versionRecord(object), file: path })
    },
  })
  if (files === 0 && failures.count === 0) {
    throw new TorcError(
      'KEY_NOT_FOUND',
      `there is nothing under ${target.bucket}/${folderPrefix(target.key)}`,
    )
  }
  output.summary(`wrote ${count(files, 'file')}, ${formatBytes(bytes)}, to ${printable(directory)}`)
  if (failures.count > 0) output.note(`${count(failures.count, 'object')} not written`)
  return failures.exitCode
}

async function* wantedBelow(context: GetContext, target: Target): AsyncGenerator<WantedObject> {
  const store = await context.store()
  const prefix = folderPrefix(target.key)
  const at = parseAt(context.options.at, context)
  for await (const entry of store.list(target.bucket, { prefix, at, signal: context.signal })) {
    if ('prefix' in entry) continue
    const { bucket, key, size } = entry
    const name = key.slice(prefix.length)
    yield { bucket, key, size, name, versionId: at === undefined ? undefined : entry.versionId }
  }
}
