import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { S3Error } from '../errors/s3-error.js'

/** An element of a document that a client sent: its children, or the text that it holds. */
export interface ReadElement {
  readonly name: string
  readonly text: string
  readonly children: readonly ReadElement[]
}

/** What S3 documents need is four deep. */
const depthMax = 16

/**
 * Reads a small document whose root is `root`. Attributes and prefixes of namespaces are passed over. MalformedXML for
 * whatever is not well-formed, has another root, or declares anything (there is no document type and no entity).
 */
export function readXml(bytes: Uint8Array, root: string): ReadElement {
  const text = decode(bytes)
  if (/<!(?!--|\[CDATA\[)/.test(text)) throw malformed('Document types and entities are not allowed.')
  const valid = XMLValidator.validate(text)
  if (valid !== true) throw malformed(valid.err.msg)
  const [element, ...others] = elementsOf(parse(text))
  if (element === undefined || others.length > 0 || element.name !== root)
    throw malformed(`Expected one element ${root}.`)
  return element
}

/** The children of a name, in order. */
export function childrenOf(element: ReadElement, name: string): readonly ReadElement[] {
  return element.children.filter(child => child.name === name)
}

/** The text of the one child of a name; undefined where there is none. MalformedXML where there are several. */
export function childText(element: ReadElement, name: string): string | undefined {
  const [child, ...others] = childrenOf(element, name)
  if (others.length > 0) throw malformed(`${name} may be there once.`)
  return child?.text
}

/** MalformedXML where the child is not there. */
export function neededText(element: ReadElement, name: string): string {
  const text = childText(element, name)
  if (text === undefined) throw malformed(`${element.name} needs ${name}.`)
  return text
}

export function malformed(message?: string, cause?: unknown): S3Error {
  return new S3Error('MalformedXML', { message, cause })
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (thrown) {
    throw malformed('The document is not UTF-8.', thrown)
  }
}

function parse(text: string): unknown {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: true,
    ignoreDeclaration: true,
    ignorePiTags: true,
    removeNSPrefix: true,
    parseTagValue: false,
    trimValues: false,
    // Decoded below: the few that XML itself has, and no others.
    processEntities: false,
    maxNestedTags: depthMax,
  })
  try {
    return parser.parse(text)
  } catch (thrown) {
    throw malformed(undefined, thrown)
  }
}

/** Nodes as the parser gives them with `preserveOrder`: `{name: nodes}`, or `{'#text': text}`. */
function elementsOf(nodes: unknown): ReadElement[] {
  const elements: ReadElement[] = []
  for (const node of listOf(nodes)) {
    for (const [name, below] of Object.entries(node)) {
      if (name === '#text' || name === ':@') continue
      const text = listOf(below).map(child => child['#text'])
      elements.push({
        name,
        text: decodeEntities(text.filter(piece => typeof piece === 'string').join('')),
        children: elementsOf(below),
      })
    }
  }
  return elements
}

function listOf(nodes: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(nodes) ? nodes : []
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decodeEntities(text: string): string {
  return text.replace(/&([^;]*);?/g, (found, name: string) => {
    const known = Object.hasOwn(named, name) ? named[name] : undefined
    if (known !== undefined && found.endsWith(';')) return known
    const [, hex, decimal] = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name) ?? []
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
    if (!isCharacter || !found.endsWith(';')) throw malformed('An entity is not known.')
    return String.fromCodePoint(code)
  })
}
