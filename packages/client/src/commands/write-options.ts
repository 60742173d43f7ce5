import { TorcError } from '@torc/protocol/errors'
import type { PutOptions, PutResult } from '@torc/protocol/store/object-store'
import { defineOptions } from '../config/options.js'
import { count, printable } from '../output/format.js'
import { putRecord } from '../output/records.js'
import { type CommandContext, nameToType } from './command.js'

/** Retention policies as they are written. */
export const policyWords = 'all, latest, global:N, dynamic:N or inherit'

/** Options of the commands that store something. */
export const writeOptions = defineOptions({
  contentType: { type: 'text', value: 'TYPE', doc: 'Media type to store with it' },
  meta: { type: 'repeated', value: 'NAME=VALUE', doc: 'Metadata to store with it; may be repeated' },
  policy: { type: 'text', value: 'P', doc: `Retention policy of the key from now on: ${policyWords}` },
})

/** Conditions of the commands that store one object. */
export const conditionOptions = defineOptions({
  ifNoneMatch: { type: 'boolean', doc: 'Store it only where there is no object yet (exit 6 where there is)' },
  ifMatch: {
    type: 'text',
    value: 'VERSION',
    doc: 'Store it only over this version (its id, a unique beginning of it, or its etag)',
  },
})

/** `name=value` as a pair; the first `=` parts them. */
export function parseMetadata(
  written: readonly string[] | undefined,
): readonly (readonly [string, string])[] | undefined {
  return written?.map(text => {
    const equals = text.indexOf('=')
    if (equals < 1) throw new TorcError('CONFIG', `--meta must be NAME=VALUE, not ${JSON.stringify(text)}`)
    return [text.slice(0, equals), text.slice(equals + 1)]
  })
}

export function putOptionsOf(options: {
  readonly contentType: string | undefined
  readonly meta: readonly string[] | undefined
  readonly context?: string | undefined
  readonly policy?: string | undefined
  readonly ifNoneMatch?: boolean | undefined
  readonly ifMatch?: string | undefined
}): PutOptions {
  const { contentType, context, policy, ifMatch } = options
  const ifNoneMatch = options.ifNoneMatch === true ? '*' : undefined
  return { contentType, metadata: parseMetadata(options.meta), context, policy, ifNoneMatch, ifMatch }
}

/** Says what was stored, and what a writer should know about it. */
export function reportPut(context: CommandContext, result: PutResult): void {
  const { output } = context
  if (output.json) {
    output.record(putRecord(result))
    return
  }
  const name = `${result.bucket}/${printable(result.key)}`
  if (output.mode === 'plain') output.summary([name, result.versionId, result.size, result.etag].join('\t'))
  else {
    const copies = `${result.replicasWritten.length} of ${result.preferenceList.length} copies safe`
    output.summary(
      `stored ${output.colors.bold(name)}  ${output.bytes(result.size)}  version ${result.versionId}  ${copies}`,
    )
  }
  noteSiblings(context, result)
}

/** What a writer should know beside what was stored. */
export function noteSiblings(context: CommandContext, result: PutResult): void {
  const { output } = context
  const name = nameToType(context, result.bucket, result.key)
  if (result.down.length > 0) output.note(`agents that are down: ${result.down.join(', ')}`)
  if (result.siblings.length === 0) return
  output.note(
    `${count(result.siblings.length, 'sibling')} beside it: see \`get ${name} --all-siblings DIR\` or \`head ${name}\`, and put with its --context`,
  )
}
