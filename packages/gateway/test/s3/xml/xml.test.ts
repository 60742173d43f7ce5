import t from 'tap'
import { childrenOf, childText, neededText, readXml } from '../../../src/s3/xml/xml-reader.js'
import { escapeXml, s3Document, xmlText } from '../../../src/s3/xml/xml-writer.js'
import { codeOf } from '../code-of.js'

const read = (text: string, root = 'Delete') => readXml(Buffer.from(text), root)

t.test('what is written is escaped', async t => {
  t.equal(escapeXml(`a&b<c>d"e'f`), 'a&amp;b&lt;c&gt;d&quot;e&apos;f')
  t.equal(escapeXml('a\tb\nc\rd\u0000\u0001\u007f'), 'a\tb\nc&#xD;d&#x0;&#x1;&#x7F;')
  t.equal(escapeXml('grün 日本 🎉'), 'grün 日本 🎉')
  t.equal(
    xmlText([
      'A',
      [
        ['B', 1],
        ['C', undefined],
        ['D', false],
        ['E', new Date(0)],
        ['F', ''],
      ],
      { x: '"<' },
    ]),
    '<A x="&quot;&lt;"><B>1</B><D>false</D><E>1970-01-01T00:00:00.000Z</E><F></F></A>',
  )
  t.match(
    s3Document(['A', 'x']),
    /^<\?xml .*\?>\n<A xmlns="http:\/\/s3.amazonaws.com\/doc\/2006-03-01\/">x<\/A>$/,
  )
})

t.test('what was written reads the same', async t => {
  for (const key of [
    'a',
    ' leading and trailing ',
    'a&b<c>"\'',
    '\r\n\t',
    'grün/日本/🎉',
    ']]>',
    '&amp;',
    '007',
    'true',
  ])
    t.equal(neededText(read(s3Document(['Delete', [['Key', key]]])), 'Key'), key, JSON.stringify(key))
})

t.test('documents as clients send them', async t => {
  const document = read(`\ufeff<?xml version="1.0" encoding="UTF-8"?>
    <!-- hello -->
    <s3:Delete xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/">
      <s3:Object><s3:Key>a&#x2F;b&#47;&lt;</s3:Key></s3:Object>
      <s3:Object><s3:Key><![CDATA[<&amp;>]]></s3:Key><VersionId/></s3:Object>
      <Quiet>true</Quiet>
    </s3:Delete>`)
  t.equal(childText(document, 'Quiet'), 'true')
  const objects = childrenOf(document, 'Object')
  t.equal(objects.length, 2)
  t.equal(childText(objects[0] ?? document, 'Key'), 'a/b/<')
  t.equal(childText(objects[1] ?? document, 'VersionId'), '')
  t.equal(childText(objects[1] ?? document, 'Other'), undefined)
})

t.test('what is refused', async t => {
  const bomb = `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "a"><!ENTITY b "&a;&a;">]><Delete>&b;</Delete>`
  const cases: Readonly<Record<string, string>> = {
    nothing: '',
    'no document': 'hello',
    'another root': '<Other/>',
    'two roots': '<Delete/><Delete/>',
    'not closed': '<Delete><Object></Delete>',
    cut: '<Delete><Object>',
    'entities of its own': bomb,
    'an external entity': '<!DOCTYPE x SYSTEM "file:///etc/passwd"><Delete/>',
    'an entity that is not known': '<Delete><Key>&nbsp;</Key></Delete>',
    'an entity without end': '<Delete><Key>&lt</Key></Delete>',
    'no character': '<Delete><Key>&#xD800;</Key></Delete>',
    NUL: '<Delete><Key>&#0;</Key></Delete>',
    deep: `<Delete>${'<a>'.repeat(200)}${'</a>'.repeat(200)}</Delete>`,
  }
  for (const [what, text] of Object.entries(cases)) {
    t.equal(
      codeOf(() => read(text)),
      'MalformedXML',
      what,
    )
  }
  t.equal(
    codeOf(() => readXml(Buffer.from([0x3c, 0xff, 0x3e]), 'Delete')),
    'MalformedXML',
  )
  t.equal(
    codeOf(() => neededText(read('<Delete/>'), 'Key')),
    'MalformedXML',
  )
  t.equal(
    codeOf(() => childText(read('<Delete><Key>a</Key><Key>b</Key></Delete>'), 'Key')),
    'MalformedXML',
  )
})

t.test('names of properties are only names', async t => {
  t.equal(
    codeOf(() => read('<Delete><__proto__><Key>x</Key></__proto__></Delete>')),
    'MalformedXML',
  )
  t.equal(({} as Record<string, unknown>)['Key'], undefined)
})
