import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { startCluster } from '../harness/processes/cluster.js'
import { temporaryFolder } from '../harness/processes/temporary-folder.js'

const program = fileURLToPath(new URL('../../interop/torc_client.py', import.meta.url))
const python = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0

interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Sizes at which a body changes from the frame to a stream, and from the index to blocks. */
const sizes = [0, 1, 16_384, 16_385, 65_536, 65_537, 3_000_001]

t.test(
  'a client in Python that knows only docs/PROTOCOL.md',
  python ? {} : { skip: 'needs python3, 3.9 or newer' },
  async t => {
    const folder = temporaryFolder('torc-python-')
    const cluster = await startCluster()
    t.teardown(() => cluster.stop())
    const run = (credentials: string, ...args: string[]): Promise<Outcome> =>
      new Promise((resolve, reject) => {
        const child = spawn(
          'python3',
          [program, '--server', cluster.server, '--credentials', credentials, ...args],
          { env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } },
        )
        let out = ''
        let err = ''
        child.stdout.on('data', text => (out += text))
        child.stderr.on('data', text => (err += text))
        child.on('error', reject)
        child.on('close', code => resolve({ code, out, err }))
      })
    const client = (...args: string[]): Promise<Outcome> => run(cluster.credentials, ...args)

    t.match(await client('mb', 'python'), { code: 0, err: '' })
    for (const size of sizes) {
      const body = Buffer.alloc(size)
      for (let at = 0; at < size; at++) body[at] = (at * 13 + (at >> 9)) & 0xff
      const [there, back, own] = ['there', 'back', 'own'].map(name => join(folder, `${name}-${size}`)) as [
        string,
        string,
        string,
      ]
      writeFileSync(there, body)
      t.match(await client('put', `python/dir/ü-${size}`, there), { code: 0, err: '' }, `puts ${size} bytes`)
      t.match(await client('get', `python/dir/ü-${size}`, back), { code: 0, err: '' }, `gets ${size} bytes`)
      t.equal(sha256(readFileSync(back)), sha256(body))
      t.equal((await cluster.torc(['get', `python/dir/ü-${size}`, own])).code, 0)
      t.equal(sha256(readFileSync(own)), sha256(body), 'and Torc’s own client reads the same')
    }
    await cluster.torc(['mb', 'by-content', '--cutting', 'content'])
    for (const bucket of ['python', 'by-content']) {
      const [there, back] = [join(folder, `${bucket}-there`), join(folder, `${bucket}-back`)]
      const body = randomBytes(9_000_000)
      writeFileSync(there, body)
      const hashed = (key: string): Promise<Outcome> => client('put-by-hash', `${bucket}/${key}`, there)
      t.match(await hashed('one'), { code: 0, err: '', out: /\t9000000\t9000000\n$/ })
      t.match(await hashed('two'), { code: 0, err: '', out: /\t9000000\t0\n$/ }, 'nothing is sent again')
      t.equal((await cluster.torc(['get', `${bucket}/two`, back])).code, 0)
      t.equal(sha256(readFileSync(back)), sha256(body))
      // It cuts as Torc does: neither client sends what the other has stored.
      const own = await cluster.torc(['put', `${bucket}/own`, there, '--json'])
      t.match(own.records(), [{ sentBytes: 0, deduplicatedBytes: body.length }], bucket)
    }
    const listed = await client('ls', 'python/dir/')
    t.equal(listed.code, 0)
    for (const size of sizes) t.match(listed.out, `dir/ü-${size}`)
    t.equal((await client('fetch', 'python')).code, 0)
    t.equal((await client('rm', 'python/dir/ü-1')).code, 0)
    t.match(await client('get', 'python/dir/ü-1', join(folder, 'gone')), { code: 1, err: /KEY_NOT_FOUND/ })
    t.match(await client('ls', 'nowhere'), { code: 1, err: /BUCKET_NOT_FOUND/ })

    const { accessKey } = JSON.parse(readFileSync(cluster.credentials, 'utf8'))
    const wrong = join(folder, 'wrong.json')
    writeFileSync(wrong, JSON.stringify({ accessKey, secretKey: 'not the secret' }), { mode: 0o600 })
    t.match(await run(wrong, 'ls', 'python'), { code: 1, err: /DENIED/ })
  },
)

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
