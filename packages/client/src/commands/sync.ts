import { setMaxListeners } from 'node:events'
import { resolve } from 'node:path'
import { errorTable, TorcError } from '@torc/protocol/errors'
import { defineOptions } from '../config/options.js'
import { printable } from '../output/format.js'
import { syncSessionRecord } from '../output/records.js'
import type { SyncReport } from '../sync/engine/report.js'
import { sessionHead, sessionRows } from '../sync/session/session-table.js'
import { type CommandContext, defineArguments, defineCommand } from './command.js'
import { SyncVoice } from './sync-voice.js'
import { folderPrefix, parseBucket, parseTarget } from './target.js'

const syncArguments = defineArguments({
  directory: {
    label: 'DIR',
    kind: 'directory',
    required: false,
    doc: 'The folder; made where it is not there',
  },
  target: {
    label: 'BUCKET[/PREFIX]',
    kind: 'prefix',
    required: false,
    doc: 'What it is kept the same as; PREFIX is taken as a folder',
  },
})

const syncOptions = defineOptions({
  id: {
    type: 'text',
    value: 'CLIENT',
    doc: 'Id of the sync client; that of the last time, or a new one, when absent',
  },
  session: { type: 'text', value: 'SESSION', doc: 'Id of this folder’s session, as `--id`' },
  interval: {
    type: 'duration',
    default: 10_000,
    min: 1_000,
    value: 'TIME',
    doc: 'From one scan of the whole folder to the next; changes that the system tells of are seen at once',
  },
  once: { type: 'boolean', doc: 'Bring both sides level and end' },
  dryRun: { type: 'boolean', doc: 'Say what would be done first and do nothing' },
  yesDelete: { type: 'boolean', doc: 'Delete, though it is most of the files' },
  links: {
    type: 'text',
    choices: ['store', 'skip'],
    default: 'store',
    doc: 'Symbolic links that stay in the folder are synced as links, or passed over',
  },
  list: { type: 'boolean', doc: 'List the clients and sessions of a bucket, or of all' },
})

type SyncContext = CommandContext<typeof syncArguments, typeof syncOptions>

export const sync = defineCommand({
  name: 'sync',
  describe:
    'Keep a folder and a bucket (or a part of it) the same; exits 6 with conflicts, 7 to ask, 8 when partial',
  usage: ['DIR BUCKET[/PREFIX]', '--list [BUCKET]'],
  arguments: syncArguments,
  options: syncOptions,
  examples: [
    { line: 'sync ./notes work/notes', does: 'keeps both the same until Ctrl-C' },
    { line: 'sync ./notes work/notes --dry-run', does: 'shows what it would do first' },
    { line: 'sync ./notes work/notes --once --id CLIENT', does: 'joins a client that is there, once' },
    { line: 'sync --list work', does: 'lists who syncs with a bucket, and how far they are' },
  ],
  async run(context) {
    const { directory, target } = context.arguments
    if (context.options.list) return list(context, directory)
    if (directory === undefined || target === undefined) {
      throw new TorcError('BAD_REQUEST', 'sync needs DIR and BUCKET[/PREFIX]', {
        hint: 'For example: sync ./notes work/notes',
      })
    }
    return syncFolder(context, directory, target)
  },
})

async function list(context: SyncContext, named: string | undefined): Promise<number> {
  const { output, signal } = context
  const store = await context.store()
  const buckets =
    named === undefined ? (await store.buckets({ signal })).map(({ bucket }) => bucket) : [parseBucket(named)]
  const sessions = (await Promise.all(buckets.map(bucket => store.syncSessions(bucket, { signal })))).flat()
  if (output.json) for (const session of sessions) output.record(syncSessionRecord(session))
  else output.table(sessionHead, sessionRows(sessions, output.mode === 'terminal'))
  if (sessions.length === 0) output.note('nobody syncs yet: begin with `sync DIR BUCKET`')
  return 0
}

async function syncFolder(context: SyncContext, named: string, target: string): Promise<number> {
  const { options, environment, signal } = context
  const { bucket, key } = parseTarget(target)
  const prefix = folderPrefix(key)
  const directory = resolve(context.directory, named)
  const voice = new SyncVoice(context)
  const ended = new AbortController()
  const either = AbortSignal.any([signal, ended.signal])
  // Every request under way listens to it.
  setMaxListeners(0, either)
  // Loaded by those who sync: each other command would take longer to begin.
  const { SyncedFolder } = await import('../sync/sync-folder.js')
  const folder = await SyncedFolder.open({
    ...{ store: await context.store(), environment, directory, bucket, prefix },
    client: options.id,
    session: options.session,
    ...{ links: options.links, yesDelete: options.yesDelete, dryRun: options.dryRun },
    ...{ signal: either, observer: voice, onWarning: message => voice.warn(message) },
  })
  try {
    voice.opened(directory, printable(`${bucket}/${prefix}`), folder.opened)
    if (options.dryRun) {
      const plan = await folder.preview()
      voice.planned(plan)
      return plan.problems.length > 0 ? errorTable.PARTIAL.exitCode : 0
    }
    if (options.once) {
      const report = await folder.once()
      voice.ran(report)
      return exitCodeOf(report)
    }
    // Ctrl-C is how it ends; a second one does not wait for what is under way.
    const release = context.takeInterrupts(() => {
      release()
      ended.abort(new TorcError('CANCELLED', 'interrupted'))
    })
    await folder.keep({
      ...{ intervalMs: options.interval, signal: either },
      onRun: report => voice.ran(report),
      onTrouble: error => voice.trouble(error),
    })
    release()
    return 0
  } finally {
    voice.end()
    folder.close()
  }
}

function exitCodeOf({ left, problems, conflicts }: SyncReport): number {
  if (left.length > 0 || problems.length > 0) return errorTable.PARTIAL.exitCode
  return conflicts.length > 0 ? errorTable.CONFLICT.exitCode : 0
}
