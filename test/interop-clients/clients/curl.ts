import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RealClient } from '../client.js'
import { mustRun } from '../day/command.js'
import { expectEqual, expectMatch } from '../day/day.js'
import { expectSame } from '../day/material.js'
import { programOf } from '../tools/debian.js'

const bucket = 'curl'
const example = fileURLToPath(new URL('../../../../examples/rest.sh', import.meta.url))
const html = ['-H', 'Accept: text/html,application/xhtml+xml,*/*;q=0.8']

/** REST, forms and folder pages as a shell script has them; S3 by curl's own signatures. */
export const curl: RealClient = {
  name: 'curl',
  async install() {
    const program = await programOf('/usr/bin/curl', 'curl')
    const { stdout } = await mustRun(program, ['--version'])
    return { program, version: stdout.toString().split(' ')[1] ?? '' }
  },
  async work(day, gateway, program, folder) {
    const { material, listing, http } = gateway
    const headers = join(folder, 'headers')
    writeFileSync(headers, `Authorization: Bearer ${gateway.accessKey}:${gateway.secretKey}`, { mode: 0o600 })
    const options = { variables: { HOME: folder }, directory: folder }
    const quiet = ['--silent', '--show-error']
    const text = async (...args: string[]): Promise<string> => {
      const all = [...quiet, '--fail-with-body', '-H', `@${headers}`, ...args]
      return (await mustRun(program, all, options)).stdout.toString()
    }
    const status = async (...args: string[]): Promise<string> => {
      const all = [...quiet, '-o', '/dev/null', '-w', '%{http_code}', ...args]
      return (await mustRun(program, all, options)).stdout.toString()
    }
    const json = async (...args: string[]): Promise<Record<string, unknown>> =>
      JSON.parse(await text(...args)) as Record<string, unknown>
    const files = `${http}/buckets/${bucket}/files`
    const back = join(folder, 'back')

    await day.step('make a bucket', async () => {
      expectEqual((await json('-X', 'POST', `${http}/buckets/${bucket}`)).success, true, 'success')
      expectMatch(await text(`${http}/buckets`), new RegExp(`"${bucket}"`), 'the buckets')
      expectEqual(await status(`${http}/buckets`), '401', 'without a key')
    })
    for (const name of ['empty', 'small', 'medium', 'large'] as const) {
      await day.step(`a file of ${material[name].size} bytes, there and back`, async () => {
        const told = await json('-T', material[name].path, `${files}/put/${name}`)
        expectEqual([told.success, told.size], [true, material[name].size], 'the answer')
        await text('-o', back, `${http}/${bucket}/put/${name}`)
        if (name === 'empty') writeFileSync(back, '', { flag: 'a' })
        await expectSame(back, material[name])
      })
    }
    await day.step('standard input, of a size that is not told', async () => {
      const args = [...quiet, '--fail-with-body', '-H', `@${headers}`, '-T', '-', `${files}/piped`]
      await mustRun(program, args, { ...options, input: readFileSync(material.medium.path) })
      await text('-o', back, `${files}/piped`)
      await expectSame(back, material.medium)
    })
    await day.step('a form with files', async () => {
      const form = ['-F', 'key=form/named', '-F', `file=@${material.small.path}`]
      const told = await json(...form, '-F', `file=@${material.medium.path};filename=ä b.bin`, files)
      expectEqual(
        (told.files as { key: string }[]).map(({ key }) => key),
        ['form/named', 'ä b.bin'],
        'keys',
      )
      await text('-o', back, `${files}/%C3%A4%20b.bin`)
      await expectSame(back, material.medium)
    })
    await day.step('ranges, conditions and a download that goes on', async () => {
      await text('-r', '100-199', '-o', back, `${files}/put/small`)
      expectEqual(statSync(back).size, 100, 'the size of the range')
      writeFileSync(back, readFileSync(material.medium.path).subarray(0, 1_000_003))
      await text('-C', '-', '-o', back, `${files}/put/medium`)
      await expectSame(back, material.medium)
      const auth = ['-H', `@${headers}`]
      const etag = /^etag: (.*)\r$/im.exec(await text('-I', `${files}/put/small`))?.[1] ?? ''
      expectEqual(
        await status(...auth, '-H', `If-None-Match: ${etag}`, `${files}/put/small`),
        '304',
        'unchanged',
      )
      expectEqual(await status(...auth, '-r', '99999999999-', `${files}/put/small`), '416', 'outside')
      const once = ['-H', 'If-None-Match: *', '-T', material.small.path, `${files}/put/small`]
      expectEqual(await status(...auth, ...once), '412', 'a write that must be the first')
    })
    await day.step('folders, as JSON and as a page', async () => {
      const folderOf = await json(`${http}/files/${bucket}/put/`)
      expectEqual((folderOf.files as unknown[]).length, 4, 'the files')
      const page = await text(...html, `${http}/files/${bucket}/put/`)
      const link = /href="([^"]*medium)"/.exec(page)?.[1] ?? ''
      await text('-o', back, http + link)
      await expectSame(back, material.medium)
      const user = ['-u', `${gateway.accessKey}:${gateway.secretKey}`]
      expectEqual(await status(...user, ...html, `${http}/files/`), '200', 'as a browser asks')
      expectMatch(await text('-I', `${http}/${bucket}/put/small`), /^HTTP\/1.1 200/, 'HEAD')
    })
    await day.step(`a listing of ${listing.keys} keys`, async () => {
      let [found, token] = [0, '']
      do {
        const query = token === '' ? '' : `&token=${encodeURIComponent(token)}`
        const page = await json(`${http}/buckets/${listing.bucket}/files?limit=1000${query}`)
        found += (page.files as unknown[]).length
        token = String(page.token ?? '')
      } while (token !== '')
      expectEqual(found, listing.keys, 'the keys')
    })
    await day.step('versions', async () => {
      const [first, second] = [
        await json('-d', 'one', '-X', 'PUT', `${files}/v`),
        await json('-d', 'two', '-X', 'PUT', `${files}/v`),
      ]
      expectEqual(await text(`${files}/v?versionId=${first.versionId}`), 'one', 'the first version')
      expectEqual(await text(`${files}/v`), 'two', 'the latest version')
      await json('-X', 'DELETE', `${files}/v?versionId=${second.versionId}`)
      expectEqual(await text(`${files}/v`), 'one', 'the latest version after a delete')
    })
    await day.step('S3 by its own signatures', async () => {
      const s3 = (...args: string[]): Promise<unknown> => {
        const signing = [
          '--aws-sigv4',
          'aws:amz:us-east-1:s3',
          '-u',
          `${gateway.accessKey}:${gateway.secretKey}`,
        ]
        return mustRun(program, [...quiet, '--fail-with-body', ...signing, ...args], options)
      }
      const at = `${gateway.s3}/${bucket}/signed`
      await s3('-H', 'x-amz-content-sha256: UNSIGNED-PAYLOAD', '-T', material.medium.path, at)
      await s3('-H', 'x-amz-content-sha256: UNSIGNED-PAYLOAD', '-o', back, at)
      await expectSame(back, material.medium)
    })
    await day.step('the example of the documentation', async () => {
      const known = { HOME: folder, TORC_HTTP: http, TORC_CREDENTIALS: gateway.cluster.credentials }
      const ran = await mustRun('sh', [example, material.small.path], { variables: known })
      expectMatch(ran.stdout.toString(), /read 16 bytes of it, status 206/, 'what it says')
    })
    await day.step('delete', async () => {
      await json('-X', 'DELETE', `${http}/buckets/${bucket}/put/small`)
      expectEqual(await status('-H', `@${headers}`, `${files}/put/small`), '404', 'the key afterwards')
      const auth = ['-H', `@${headers}`]
      expectEqual(await status(...auth, '-X', 'DELETE', `${http}/buckets/${bucket}`), '409', 'not empty')
      await json('-X', 'DELETE', `${http}/buckets/${bucket}?force`)
      expectEqual(await status(...auth, `${http}/buckets/${bucket}`), '404', 'the bucket afterwards')
    })
  },
}
