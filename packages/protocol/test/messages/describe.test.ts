import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { controlHeads, envelope } from '../../src/messages/control.js'
import { withDescribedParts } from '../../src/messages/describe.js'
import type { Fields } from '../../src/messages/fields.js'
import type { Message } from '../../src/messages/message.js'
import { messages } from '../../src/messages/table.js'
import { repositoryFile, vectors } from '../support/vectors.js'

const path = repositoryFile('docs/PROTOCOL.md')

t.test('docs/PROTOCOL.md holds what the tables say now', async t => {
  const document = readFileSync(path, 'utf8')
  const wanted = withDescribedParts(document)
  if (process.env.TORC_UPDATE_DOCS === '1') writeFileSync(path, wanted)
  else t.equal(document, wanted, 'run this test with TORC_UPDATE_DOCS=1 to rewrite the document')
})

t.test('docs/PROTOCOL.md shows the golden session and handshake', async t => {
  const bare = readFileSync(path, 'utf8').replaceAll(/\s/g, '')
  for (const { meaning, hex } of vectors<{ meaning: string; hex: string }[]>('session'))
    t.ok(bare.includes(hex), meaning)
  const { initiatorProof, acceptorProof } = vectors<Record<string, string>>('handshake')
  t.ok(bare.includes(initiatorProof ?? '?') && bare.includes(acceptorProof ?? '?'))
})

t.test('a document without the marks is refused', async t => {
  t.throws(() => withDescribedParts('# empty'), /no part/)
})

t.test('every field says what it means', async t => {
  const all: [string, Fields][] = [...Object.entries(controlHeads), ...Object.entries(envelope)]
  for (const [name, message] of Object.entries(messages) as [string, Message][]) {
    t.ok(message.doc.length > 5, name)
    all.push([`${name} request`, message.request], [`${name} response`, message.response])
  }
  for (const [name, fields] of all) {
    for (const [field, { doc }] of Object.entries(fields)) t.ok((doc ?? '').length > 3, `${name}: ${field}`)
  }
})
