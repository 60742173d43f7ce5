import { TorcError } from '@torc/protocol/errors'
import { formatBytes, printable } from '../output/format.js'
import { versionRecord } from '../output/records.js'
import { atOption, parseAt } from './at.js'
import { defineCommand } from './command.js'
import { parseObjectTarget } from './target.js'

export const head = defineCommand({
  name: 'head',
  describe: 'Show what is known about an object, without its body',
  arguments: { target: { label: 'BUCKET/KEY', kind: 'target', required: true, doc: 'Object to show' } },
  options: {
    versionId: { type: 'text', value: 'ID', doc: 'This version (a unique beginning of its id suffices)' },
    at: atOption,
  },
  examples: [
    { line: 'head photos/sea.jpg', does: 'shows size, checksum, version, siblings and context' },
    { line: 'head photos/sea.jpg --at 2h', does: 'shows what the object was two hours ago' },
  ],
  async run(given) {
    const { options, output, signal } = given
    const { bucket, key } = parseObjectTarget(given.arguments.target)
    const { versionId } = options
    const at = parseAt(options.at, given)
    if (at !== undefined && versionId !== undefined)
      throw new TorcError('BAD_REQUEST', 'head takes --version-id or --at, not both')
    const store = await given.store()
    const info = await store.head(bucket, key, { versionId, at, signal })
    if (output.json) output.record(versionRecord(info))
    else {
      const size = output.mode === 'terminal' && info.size >= 1024 ? ` (${formatBytes(info.size)})` : ''
      output.fields([
        ['name', `${info.bucket}/${printable(info.key)}`],
        ['version', info.versionId + (info.isLatest ? ' (latest)' : '')],
        ['kind', info.kind],
        ['size', `${info.size}${size}`],
        ['content type', printable(info.contentType)],
        ['created', info.createdAt.toISOString()],
        ['etag', printable(info.etag)],
        ['sha256', info.sha256 + (info.parts === undefined ? '' : ' (of the digests of its parts)')],
        ...(info.parts === undefined ? [] : [['parts', String(info.parts.length)] as const]),
        ...info.metadata.map(([name, value]) => [`meta ${printable(name)}`, printable(value)] as const),
        [
          'clock',
          Object.entries(info.clock)
            .map(([actor, counter]) => `${actor}:${counter}`)
            .join(' '),
        ],
        ['siblings', info.siblings.length === 0 ? 'none' : info.siblings.join(' ')],
        ['context', info.context],
      ])
    }
    return 0
  },
})
