import t from 'tap'
import { SeededRandom } from '../harness/simulation/seeded-random.js'
import { startGatewayCluster } from './gateway-cluster.js'
import { rawRequest } from './raw-request.js'

const seed = Number(process.env.TORC_TEST_SEED ?? 7)
const requests = 400
const atOnce = 100

t.test(`requests with random damage (seed ${seed}) get an answer or are cut, and nothing ends`, async t => {
  const errors: object[] = []
  const c = await startGatewayCluster(
    { stillMs: 200, headersMs: 200, keepAliveMs: 100, lingerMs: 50 },
    { debug: () => {}, info: () => {}, warn: () => {}, error: facts => void errors.push(facts) },
  )
  t.teardown(() => c.stop())
  await c.cluster.server.store.createBucket('box')
  const random = new SeededRandom(seed)
  const pick = (count: number): number => Math.floor(random.fraction() * count)
  const head = `Host: h\r\nConnection: close\r\nAuthorization: ${c.authorization}\r\n`
  const form = '--B\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhello\r\n--B--\r\n'
  const sound = [
    `GET /buckets HTTP/1.1\r\n${head}\r\n`,
    `GET /files/box/?limit=3 HTTP/1.1\r\nAccept: text/html\r\n${head}\r\n`,
    `PUT /buckets/box/files/k%20k HTTP/1.1\r\n${head}X-Torc-Meta-A: b\r\nContent-Length: 5\r\n\r\nhello`,
    `PUT /buckets/box/files/c HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    `POST /buckets/box/files HTTP/1.1\r\n${head}Content-Type: multipart/form-data; boundary=B\r\nContent-Length: ${form.length}\r\n\r\n${form}`,
    `GET /box/c HTTP/1.1\r\n${head}Range: bytes=1-2\r\nIf-None-Match: "x"\r\n\r\n`,
    `PATCH /buckets/box HTTP/1.1\r\n${head}Content-Length: 16\r\n\r\n{"policy":"all"}`,
  ]
  const damaged = (text: string): string => {
    const bytes = Buffer.from(text, 'latin1')
    for (let left = 1 + pick(4); left > 0; left--) bytes[pick(bytes.length)] = pick(256)
    const cut = pick(4) === 0 ? pick(bytes.length) : bytes.length
    return bytes.subarray(0, cut).toString('latin1')
  }
  for (let sent = 0; sent < requests; sent += atOnce) {
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        const text = damaged(sound[pick(sound.length)] ?? '')
        const answer = await (await rawRequest(c.rest, text)).all
        if (!/^(?:HTTP\/1\.1 (?:[1-4]\d\d|503) |$)/.test(answer)) t.fail(JSON.stringify([text, answer]))
      }),
    )
  }
  t.strictSame(errors, [], 'no face failed to answer')
  t.match(await c.json('/health'), { status: 200 })
  const metrics = await (await c.send('/metrics')).text()
  t.match(metrics, 'torc_http_requests_active{face="rest"} 1', 'this one')
})
