import { randomInt } from 'node:crypto'
import t from 'tap'
import { AwsChunkedDecoder } from '../../../src/s3/body/aws-chunked.js'
import { ChunkSignatures } from '../../../src/s3/body/chunk-signatures.js'
import { S3Error } from '../../../src/s3/errors/s3-error.js'
import { signingKey } from '../../../src/s3/signature/signing.js'

// The examples of "Signature calculations: transferring a payload in multiple chunks" of the reference of the S3 API.
const scope = { date: '20130524', region: 'us-east-1' }
const signer = (signature: string) => ({
  accessKey: 'AKIAIOSFODNN7EXAMPLE',
  scope,
  amzDate: '20130524T000000Z',
  signature,
  key: signingKey('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', scope),
})
const seed = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9'
const signatures = [
  'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
  '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
  'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
] as const
const trailerSeed = '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e'
const trailerSignatures = [
  'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
  '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
  '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
] as const
const ofTrailer = 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435'

const content = Buffer.alloc(66_560, 'a')
const first = content.subarray(0, 65_536)
const second = content.subarray(65_536)

function chunk(bytes: Uint8Array, signature?: string): Buffer {
  const extension = signature === undefined ? '' : `;chunk-signature=${signature}`
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}${extension}\r\n`),
    bytes,
    Buffer.from(bytes.length === 0 ? '' : '\r\n'),
  ])
}

const nothing = new Uint8Array()
const signed = Buffer.concat([
  chunk(first, signatures[0]),
  chunk(second, signatures[1]),
  chunk(nothing, signatures[2]),
  Buffer.from('\r\n'),
])
const signedWithTrailer = Buffer.concat([
  chunk(first, trailerSignatures[0]),
  chunk(second, trailerSignatures[1]),
  chunk(nothing, trailerSignatures[2]),
  Buffer.from(`x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:${ofTrailer}\r\n\r\n`),
])
const unsigned = Buffer.concat([
  chunk(first),
  chunk(second),
  chunk(nothing),
  Buffer.from('x-amz-checksum-crc32c:sOO8/Q==\r\n\r\n'),
])

interface Case {
  readonly name: string
  readonly bytes: Buffer
  readonly seed?: string
  readonly trailer: boolean
}

const cases: readonly Case[] = [
  { name: 'signed', bytes: signed, seed, trailer: false },
  { name: 'signed, with trailing headers', bytes: signedWithTrailer, seed: trailerSeed, trailer: true },
  { name: 'not signed', bytes: unsigned, trailer: true },
]

interface Decoded {
  readonly content: Buffer
  readonly trailers: ReadonlyMap<string, string>
}

function decode({ seed, trailer }: Case, pieces: Iterable<Buffer>, size = content.length): Decoded {
  const signatures = seed === undefined ? undefined : new ChunkSignatures(signer(seed))
  const decoder = new AwsChunkedDecoder({ signatures, trailer, size })
  const found: Buffer[] = []
  for (const piece of pieces) found.push(...decoder.push(piece))
  return { trailers: decoder.finish(), content: Buffer.concat(found) }
}

function* byteByByte(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1)
}

function* atRandom(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + randomInt(1, randomInt(2, 20_000))
    yield bytes.subarray(at, end)
    at = end
  }
}

for (const given of cases) {
  t.test(`${given.name}: whole, byte by byte and split at random`, async t => {
    const splits = [
      [given.bytes],
      byteByByte(given.bytes),
      ...Array.from({ length: 20 }, () => atRandom(given.bytes)),
    ]
    for (const pieces of splits) {
      const decoded = decode(given, pieces)
      if (!decoded.content.equals(content)) t.fail('another content')
      const trailers = given.trailer ? [['x-amz-checksum-crc32c', 'sOO8/Q==']] : []
      if (JSON.stringify([...decoded.trailers]) !== JSON.stringify(trailers)) t.fail('other trailing headers')
    }
    t.pass('all alike')
  })

  t.test(`${given.name}: cut anywhere it is not whole`, async t => {
    const { bytes } = given
    const ends = [0, 1, 5, 100, 65_000, 65_700, bytes.length - 2, bytes.length - 1]
    // Without signatures a client may leave out the empty line behind the trailing headers.
    const cuts = given.seed === undefined ? ends.slice(0, -2) : ends
    for (const end of cuts) refused(t, given, bytes.subarray(0, end), ['IncompleteBody'], `cut at ${end}`)
    refused(t, given, Buffer.concat([bytes, Buffer.from('x')]), ['IncompleteBody'], 'a byte more')
  })
}

function refused(
  t: Tap,
  given: Case,
  bytes: Buffer,
  codes: readonly string[],
  what: string,
  size?: number,
): void {
  for (const pieces of [[bytes], atRandom(bytes)]) {
    try {
      decode(given, pieces, size)
      t.fail(`${what} was taken`)
    } catch (thrown) {
      if (!(thrown instanceof S3Error)) throw thrown
      t.ok(codes.includes(thrown.s3Code), `${what}: ${thrown.s3Code} ${thrown.message}`)
    }
  }
}

type Tap = { ok(value: unknown, message: string): boolean; fail(message: string): boolean }

const [signedCase, trailerCase, unsignedCase] = cases

t.test('chunks that are changed, swapped, repeated or left out', async t => {
  if (signedCase === undefined || trailerCase === undefined) throw new Error('no case')
  const wrong = ['SignatureDoesNotMatch']
  const end = Buffer.concat([chunk(nothing, signatures[2]), Buffer.from('\r\n')])
  const one = chunk(first, signatures[0])
  const two = chunk(second, signatures[1])
  refused(t, signedCase, Buffer.concat([two, one, end]), wrong, 'swapped')
  refused(
    t,
    signedCase,
    Buffer.concat([one, one, end]),
    ['SignatureDoesNotMatch', 'IncompleteBody'],
    'repeated',
  )
  refused(t, signedCase, Buffer.concat([one, end]), wrong, 'left out')
  const changed = Buffer.from(signed)
  changed[1000] = 0x62
  refused(t, signedCase, changed, wrong, 'changed')
  const otherTrailer = Buffer.from(signedWithTrailer.toString('latin1').replace('sOO8', 'sOO9'), 'latin1')
  refused(t, trailerCase, otherTrailer, wrong, 'another trailing header')
  const text = signedWithTrailer.toString('latin1')
  const notSigned = Buffer.from(text.replace(/x-amz-trailer-signature:[0-9a-f]+\r\n/, ''), 'latin1')
  refused(t, trailerCase, notSigned, ['MalformedTrailerError'], 'trailing headers that are not signed')
})

t.test('framing that is wrong', async t => {
  if (signedCase === undefined || unsignedCase === undefined) throw new Error('no case')
  const bad = ['InvalidRequest']
  const text = (value: string): Buffer => Buffer.from(value, 'latin1')
  refused(t, unsignedCase, text('zz\r\n'), bad, 'no size')
  refused(t, unsignedCase, text('-1\r\n'), bad, 'a negative size')
  refused(t, unsignedCase, text('1'.repeat(400)), bad, 'a line without end')
  refused(t, unsignedCase, text('fffffffffffff\r\n'), bad, 'a size beyond numbers')
  refused(t, unsignedCase, text('5\nhello\r\n'), bad, 'a line feed alone')
  refused(
    t,
    unsignedCase,
    text('5\r\nhello there'),
    ['InvalidRequest', 'IncompleteBody'],
    'a longer chunk',
    5,
  )
  refused(t, unsignedCase, text('6\r\nhello!\r\n'), ['IncompleteBody'], 'more than announced', 5)
  refused(t, unsignedCase, text('4\r\nhell\r\n0\r\n\r\n'), ['IncompleteBody'], 'less than announced', 5)
  refused(t, signedCase, unsigned, bad, 'no signatures')
  refused(t, unsignedCase, signed, bad, 'signatures where none are announced')
  const many = Array.from({ length: 9 }, (_, i) => `x-amz-meta-${i}: 1\r\n`).join('')
  refused(t, unsignedCase, text(`0\r\n${many}\r\n`), ['MalformedTrailerError'], 'many trailing headers', 0)
  refused(t, unsignedCase, text(`0\r\na: ${'1'.repeat(2000)}\r\n`), bad, 'a long trailing header', 0)
  refused(t, unsignedCase, text('0\r\nno colon\r\n\r\n'), ['MalformedTrailerError'], 'no colon', 0)
})
