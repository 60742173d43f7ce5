import { type ErrorCode, errorTable } from '../errors.js'
import { limits } from '../limits.js'
import { accessText } from './access.js'
import { controlHeads, envelope } from './control.js'
import type { Fields } from './fields.js'
import { answerFrameOf, frameType } from './frame-types.js'
import type { Message } from './message.js'
import { type MessageName, messages } from './table.js'

/**
 * The parts of `docs/PROTOCOL.md` that are made from the tables, so that the document can't disagree with
 * what is checked. A test holds them together; `TORC_UPDATE_DOCS=1` with that test rewrites the document.
 */
export const describedParts: Readonly<Record<string, () => string>> = {
  'frame types': describeFrameTypes,
  'control heads': describeControlHeads,
  messages: describeMessages,
  errors: describeErrors,
  limits: describeLimits,
}

/** A document whose marked parts (`<!-- begin NAME -->` … `<!-- end NAME -->`) are up to date. */
export function withDescribedParts(document: string): string {
  let out = document
  for (const [name, describe] of Object.entries(describedParts)) {
    const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`]
    const [from, to] = [out.indexOf(begin), out.indexOf(end)]
    if (from < 0 || to < from) throw new Error(`the document has no part "${name}"`)
    out = `${out.slice(0, from + begin.length)}\n\n${describe()}\n\n${out.slice(to)}`
  }
  return out
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function tableOf(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(header), `|${header.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

function fieldRows(fields: Fields): string[][] {
  return Object.entries(fields).map(([name, field]) => [
    `\`${name}\``,
    field.kind,
    field.optional ? 'may be absent' : 'always',
    field.doc ?? '',
  ])
}

function describeFrameTypes(): string {
  const used = new Set<string>([...Object.keys(controlHeads), 'RESULT', 'FETCH_RESP', 'EVENT'])
  for (const { frame } of Object.values(messages)) used.add(frame)
  return tableOf(
    ['number', 'frame', ''],
    Object.entries(frameType).map(([name, number]) => [
      String(number),
      name,
      used.has(name) ? '' : 'reserved',
    ]),
  )
}

function describeControlHeads(): string {
  const parts: string[] = []
  const heads: Record<string, Fields> = {
    ...controlHeads,
    'every request': envelope.request,
    'every RESULT, FETCH_RESP and EVENT': envelope.answer,
  }
  for (const [name, fields] of Object.entries(heads)) {
    const rows = fieldRows(fields)
    parts.push(`**${name}**${rows.length === 0 ? ': an empty map.' : ''}`)
    if (rows.length > 0) parts.push(tableOf(['field', 'type', 'present', 'meaning'], rows))
  }
  return parts.join('\n\n')
}

const bodyWords = { none: 'no body', optional: 'a body may come', required: 'a body must come' } as const

function describeMessage(name: MessageName): string {
  const message: Message = messages[name]
  const answer = answerFrameOf(message.frame)
  const parts = [
    `#### ${message.frame} \`${message.op}\` (${name})`,
    message.doc,
    `From ${message.from.join(', ')} to ${message.to.join(', ')}. ` +
      `${message.access === undefined ? '' : `Needs ${accessText(message.access)}. `}` +
      `Request: ${bodyWords[message.requestBody]}. ` +
      `${answer}: ${bodyWords[message.responseBody]}. Priority ${message.priority}. ` +
      `${message.idempotent ? 'May be repeated.' : 'Must not be repeated blindly.'}`,
  ]
  const request = fieldRows(message.request)
  if (request.length > 0) parts.push(tableOf(['request field', 'type', 'present', 'meaning'], request))
  const response = fieldRows(message.response)
  if (response.length > 0) parts.push(tableOf([`${answer} field`, 'type', 'present', 'meaning'], response))
  return parts.join('\n\n')
}

function describeMessages(): string {
  const names = Object.keys(messages) as MessageName[]
  const forClients = names.filter(name => (messages[name].from as readonly string[]).includes('client'))
  const forNodes = names.filter(name => !forClients.includes(name))
  return [
    '### Messages of clients',
    ...forClients.map(describeMessage),
    '### Messages among nodes',
    ...forNodes.map(describeMessage),
  ].join('\n\n')
}

function describeErrors(): string {
  return tableOf(
    ['number', 'code', 'retry', 'HTTP', 'exit', 'what to do'],
    (Object.keys(errorTable) as ErrorCode[]).map(code => {
      const row = errorTable[code]
      return [
        String(row.number),
        code,
        row.retryable ? 'yes' : 'no',
        String(row.httpStatus),
        String(row.exitCode),
        row.hint,
      ]
    }),
  )
}

function describeLimits(): string {
  return tableOf(
    ['limit', 'value'],
    Object.entries(limits).map(([name, value]) => [`\`${name}\``, String(value)]),
  )
}
