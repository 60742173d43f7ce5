/** What an element holds; one whose content is undefined is left out. */
export type XmlContent = string | number | boolean | Date | readonly XmlElement[] | undefined

/** Name, content, and attributes where there are any. */
export type XmlElement = readonly [
  name: string,
  content: XmlContent,
  attributes?: Readonly<Record<string, string>>,
]

const s3Namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'
export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** A whole document in the namespace of S3. */
export function s3Document([name, content]: XmlElement): string {
  return xmlDeclaration + xmlText([name, content, { xmlns: s3Namespace }])
}

/** An element and all below it. Every text is escaped. */
export function xmlText([name, content, attributes]: XmlElement): string {
  if (content === undefined) return ''
  let open = name
  for (const [attribute, value] of Object.entries(attributes ?? {}))
    open += ` ${attribute}="${escapeXml(value)}"`
  return `<${open}>${contentText(content)}</${name}>`
}

function contentText(content: Exclude<XmlContent, undefined>): string {
  if (typeof content === 'string') return escapeXml(content)
  if (typeof content === 'number' || typeof content === 'boolean') return String(content)
  if (content instanceof Date) return content.toISOString()
  let text = ''
  for (const element of content) text += xmlText(element)
  return text
}

// Carriage returns would be read as line feeds; other control characters are written as S3 writes them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must be escaped.
const special = /[&<>"'\u0000-\u0008\u000b-\u001f\u007f\ufffe\uffff]/g

const named: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

export function escapeXml(text: string): string {
  return text.replace(
    special,
    found => named[found] ?? `&#x${found.charCodeAt(0).toString(16).toUpperCase()};`,
  )
}
