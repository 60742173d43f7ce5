import t from 'tap'
import { runGatewayScale } from './gateway-scale.js'
import { Comparison, generatedPart } from './generated-bytes.js'
import { parseOptions } from './options.js'

const mebibyte = 1024 * 1024

t.test('a gateway holds little of what passes through it', async t => {
  const findings = await runGatewayScale({
    ...{ bytes: 64 * mebibyte + 17, partBytes: 16 * mebibyte, inFlight: 4, replicas: 1 },
    ...{ smallInFlight: 256, smallRequests: 256, memoryBytesMax: 250 * mebibyte },
  })
  t.strictSame(
    findings.map(({ phase }) => phase),
    ['upload in parts', 'download', 'small PUTs', 'small GETs'],
  )
  for (const { phase, peakBytes } of findings) t.ok(peakBytes < 250 * mebibyte, `${phase}: ${peakBytes}`)
})

t.test('what comes is compared byte by byte', async t => {
  const seed = Buffer.alloc(16, 1)
  const sent = Buffer.concat([...generatedPart(seed, 0, 1000), ...generatedPart(seed, 1, 500)])
  const whole = new Comparison(seed, 1500, 1000)
  for (const [from, to] of [
    [0, 1],
    [1, 999],
    [999, 1001],
    [1001, 1500],
  ])
    whole.take(sent.subarray(from, to))
  t.equal(whole.bytes, 1500)
  t.throws(() => whole.take(Buffer.from('x')), /more than the 1500 bytes/)
  const other = Buffer.from(sent)
  other[700] = (other[700] ?? 0) ^ 1
  t.throws(() => new Comparison(seed, 1500, 1000).take(other), /bytes from 0 on/)
})

t.test('options', async t => {
  t.match(parseOptions([]), {
    bytes: 5 * 1024 ** 3,
    partBytes: 64 * mebibyte,
    memoryBytesMax: 250 * mebibyte,
  })
  t.match(parseOptions(['--replicas', '1', '--size-mib', '64']), { replicas: 1, bytes: 64 * mebibyte })
  for (const args of [['--replicas', '4'], ['--part-mib', '4'], ['--x']]) t.throws(() => parseOptions(args))
})
