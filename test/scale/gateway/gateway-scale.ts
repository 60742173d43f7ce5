import { randomBytes } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { connect } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import { vmHwm } from '../../harness/processes/cluster.js'
import { OperatedCluster } from '../../harness/processes/operated-cluster.js'
import { Comparison, generatedPart } from './generated-bytes.js'
import type { GatewayScaleOptions } from './options.js'
import { S3Requests } from './s3-requests.js'

export interface GatewayFinding {
  readonly phase: string
  readonly milliseconds: number
  /** Of all bodies. */
  readonly bytes: number
  readonly requests: number
  /** Peak of the gateway's process so far. */
  readonly peakBytes: number
}

/** Disk that three copies of 5 GiB may take without crowding others. */
const roomyBytes = 25e9
const smallBytes = 4 * 1024
const bucket = 'scale'
const key = 'large'

/**
 * A large object in parts, and many small requests at once, through a gateway in a process of its own: what it has
 * resident must not grow with either.
 */
export async function runGatewayScale(
  options: GatewayScaleOptions,
  onFinding: (finding: GatewayFinding) => void = () => undefined,
): Promise<GatewayFinding[]> {
  const cluster = new OperatedCluster()
  try {
    await cluster.init()
    const server = await cluster.server()
    await Promise.all(['a', 'b', 'c'].map(name => cluster.agent(name, { join: [server.address] })))
    const made = await cluster.initLayout(server.address, 3)
    if (made.code !== 0) throw new Error(made.stderr)
    const credentials = readCredentials(cluster.credentials)
    const store = await connect({ servers: [server.address], credentials })
    await store.createBucket(bucket, { replicas: options.replicas ?? replicasThatFit() })
    await store.close()
    const secret = ['--cluster-secret-file', cluster.secretFile]
    const gateway = cluster.launch(['gateway', '--join', server.address, ...secret, '--s3-port', '0'])
    const { s3 } = await gateway.waitFor('the gateway', line => line.event === 'ready')
    const keys = { accessKeyId: credentials.accessKey, secretAccessKey: credentials.secretKey }
    const requests = new S3Requests(String(s3), keys, Math.max(options.smallInFlight, options.inFlight))
    try {
      return await runPhases(options, requests, gateway.pid, onFinding)
    } finally {
      requests.close()
    }
  } finally {
    await cluster.stop()
  }
}

function replicasThatFit(): number {
  const { bavail, bsize } = statfsSync(tmpdir())
  return bavail * bsize < roomyBytes ? 1 : 3
}

async function runPhases(
  options: GatewayScaleOptions,
  requests: S3Requests,
  pid: number,
  onFinding: (finding: GatewayFinding) => void,
): Promise<GatewayFinding[]> {
  const { bytes, partBytes, smallInFlight, smallRequests } = options
  const findings: GatewayFinding[] = []
  const phase = async (name: string, count: number, moved: number, work: () => Promise<void>) => {
    const begunMs = performance.now()
    await work()
    const milliseconds = performance.now() - begunMs
    const finding = { phase: name, milliseconds, bytes: moved, requests: count, peakBytes: vmHwm(pid) }
    findings.push(finding)
    onFinding(finding)
  }
  const seed = randomBytes(16)
  const parts = Math.ceil(bytes / partBytes)
  await phase('upload in parts', parts + 2, bytes, () => upload(options, requests, seed))
  await phase('download', 1, bytes, async () => {
    const comparison = new Comparison(seed, bytes, partBytes)
    for await (const piece of await requests.open('GET', `/${bucket}/${key}`)) comparison.take(piece)
    if (comparison.bytes !== bytes) throw new Error(`${comparison.bytes} of ${bytes} bytes came`)
  })
  const small = randomBytes(smallBytes)
  const moved = smallRequests * smallBytes
  await phase('small PUTs', smallRequests, moved, () =>
    several(smallInFlight, smallRequests, async i => {
      await requests.text('PUT', `/${bucket}/small/${i}`, { bytes: smallBytes, pieces: [small] })
    }),
  )
  await phase('small GETs', smallRequests, moved, () =>
    several(smallInFlight, smallRequests, async i => {
      const answer = await requests.open('GET', `/${bucket}/small/${i}`)
      const pieces: Buffer[] = []
      for await (const piece of answer) pieces.push(piece)
      if (!Buffer.concat(pieces).equals(small)) throw new Error(`small/${i} is not what was sent`)
    }),
  )
  return findings
}

async function upload(
  { bytes, partBytes, inFlight }: GatewayScaleOptions,
  requests: S3Requests,
  seed: Uint8Array,
): Promise<void> {
  const [begun] = await requests.text('POST', `/${bucket}/${key}?uploads=`)
  const id = /<UploadId>([^<]+)</.exec(begun)?.[1] ?? ''
  const etags: string[] = []
  await several(inFlight, Math.ceil(bytes / partBytes), async part => {
    const size = Math.min(partBytes, bytes - part * partBytes)
    const target = `/${bucket}/${key}?partNumber=${part + 1}&uploadId=${encodeURIComponent(id)}`
    const [, answer] = await requests.text('PUT', target, {
      bytes: size,
      pieces: generatedPart(seed, part, size),
    })
    etags[part] = answer.headers.etag ?? ''
  })
  const listed = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
  const document = Buffer.from(`<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`)
  const [done] = await requests.text('POST', `/${bucket}/${key}?uploadId=${encodeURIComponent(id)}`, {
    bytes: document.length,
    pieces: [document],
  })
  // An error may come after the head of an answer that said 200.
  if (!done.includes('<CompleteMultipartUploadResult'))
    throw new Error(`the upload was not completed: ${done}`)
}

/** Does work for 0, 1, … `count` − 1, so many at a time. */
async function several(
  atATime: number,
  count: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const one = async (): Promise<void> => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: Math.min(atATime, count) }, one))
}
