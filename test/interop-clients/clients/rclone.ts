import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RealClient } from '../client.js'
import { type CommandResult, mustRun, runCommand } from '../day/command.js'
import { expectEqual, expectMatch } from '../day/day.js'
import { expectSame } from '../day/material.js'
import { programOf } from '../tools/debian.js'

const bucket = 'rclone'

/** Compares MD5s and times, which it keeps as metadata. */
export const rclone: RealClient = {
  name: 'rclone',
  async install() {
    const program = await programOf('/usr/bin/rclone', 'rclone')
    const { stdout } = await mustRun(program, ['version'])
    return { program, version: stdout.toString().split('\n')[0]?.replace('rclone v', '') ?? '' }
  },
  async work(day, gateway, program, folder) {
    const { material, listing } = gateway
    const variables = {
      ...{ HOME: folder, RCLONE_CONFIG: join(folder, 'rclone.conf'), RCLONE_RETRIES: '1' },
      ...{ RCLONE_CONFIG_TORC_TYPE: 's3', RCLONE_CONFIG_TORC_PROVIDER: 'Other' },
      ...{ RCLONE_CONFIG_TORC_ENDPOINT: gateway.s3, RCLONE_CONFIG_TORC_REGION: 'us-east-1' },
      RCLONE_CONFIG_TORC_ACCESS_KEY_ID: gateway.accessKey,
      RCLONE_CONFIG_TORC_SECRET_ACCESS_KEY: gateway.secretKey,
    }
    writeFileSync(variables.RCLONE_CONFIG, '')
    const options = { variables, directory: folder }
    const run = (...args: string[]): Promise<CommandResult> => mustRun(program, args, options)
    const text = async (...args: string[]): Promise<string> => (await run(...args)).stdout.toString()
    const at = (key: string): string => `torc:${bucket}/${key}`
    const back = join(folder, 'back')

    await day.step('make a bucket', async () => {
      await run('mkdir', `torc:${bucket}`)
      expectMatch(await text('lsd', 'torc:'), new RegExp(` ${bucket}$`, 'm'), 'the buckets')
    })
    for (const name of ['empty', 'small', 'medium', 'large'] as const) {
      await day.step(`a file of ${material[name].size} bytes, there and back`, async () => {
        await run('copyto', '--s3-upload-cutoff', '10Mi', material[name].path, at(name))
        await run('copyto', at(name), back)
        await expectSame(back, material[name])
      })
    }
    await day.step('copy a tree and check it', async () => {
      await run('copy', material.tree, at('tree'))
      await run('check', material.tree, at('tree'))
      await run('check', '--download', material.tree, at('tree'))
      const listed = (await text('lsf', '-R', '--files-only', at('tree'))).trim().split('\n').toSorted()
      expectEqual(listed, [...material.treeFiles], 'the files listed')
    })
    await day.step('check sees a difference', async () => {
      const other = join(folder, 'other')
      cpSync(material.tree, other, { recursive: true })
      writeFileSync(join(other, 'top'), 'changed')
      const checked = await runCommand(program, ['check', other, at('tree')], options)
      expectMatch(checked.stderr, /1 differences found/, 'what check says')
    })
    await day.step('sync both ways, with changes and deletions', async () => {
      const work = join(folder, 'work')
      cpSync(material.tree, work, { recursive: true, preserveTimestamps: true })
      rmSync(join(work, 'deep/0'), { recursive: true })
      writeFileSync(join(work, 'top'), 'changed')
      writeFileSync(join(work, 'new'), 'new')
      await run('sync', work, at('tree'))
      await run('check', work, at('tree'))
      const again = (await run('sync', '-v', work, at('tree'))).stderr
      expectMatch(again, /There was nothing to transfer/, 'the second sync')
      const down = join(folder, 'down')
      mkdirSync(down)
      writeFileSync(join(down, 'extra'), 'goes')
      await run('sync', at('tree'), down)
      await mustRun('diff', ['-r', work, down])
    })
    await day.step('copies and moves on the server', async () => {
      await run('copyto', at('medium'), at('copies/medium'))
      await run('moveto', at('copies/medium'), at('copies/moved'))
      await run('copyto', '--s3-copy-cutoff', '10Mi', at('copies/moved'), at('copies/parts'))
      for (const name of ['moved', 'parts']) {
        await run('copyto', at(`copies/${name}`), back)
        await expectSame(back, material.medium)
      }
      expectEqual(await text('lsf', at('copies')), 'moved\nparts\n', 'what is left')
    })
    await day.step('hashes, sizes and a range', async () => {
      expectMatch(await text('md5sum', at('medium')), new RegExp(`^${material.medium.md5} `), 'the MD5')
      expectMatch(await text('size', `torc:${listing.bucket}`), new RegExp(`${listing.keys}`), 'the count')
      const piece = (await run('cat', '--offset', '1048570', '--count', '20', at('medium'))).stdout
      const expected = readFileSync(material.medium.path).subarray(1_048_570, 1_048_590)
      expectEqual(piece.toString('hex'), expected.toString('hex'), 'the range')
    })
    await day.step(`a listing of ${listing.keys} keys`, async () => {
      const lines = (await text('lsf', '-R', '--files-only', `torc:${listing.bucket}`)).trim().split('\n')
      expectEqual(new Set(lines).size, listing.keys, 'the keys')
      const fast = await text('lsf', '-R', '--fast-list', '--files-only', `torc:${listing.bucket}`)
      expectEqual(fast.trim().split('\n').length, listing.keys, 'the keys at once')
    })
    await day.step('standard input, of a size that is not told', async () => {
      const input = readFileSync(material.medium.path)
      await mustRun(program, ['rcat', '--streaming-upload-cutoff', '1Mi', at('piped')], { ...options, input })
      await run('copyto', at('piped'), back)
      await expectSame(back, material.medium)
    })
    await day.step('a presigned link', async () => {
      const link = (await text('link', '--expire', '60s', at('small'))).trim()
      expectEqual((await (await fetch(link)).arrayBuffer()).byteLength, material.small.size, 'the size')
    })
    await day.step('touch and times', async () => {
      await run('touch', '-t', '2024-02-03T04:05:06', at('small'))
      expectMatch(await text('lsl', at('small')), / 2024-02-03 04:05:06/, 'the time')
    })
    await day.step('empty and remove the bucket', async () => {
      await run('delete', at('copies'))
      await run('purge', `torc:${bucket}`)
      expectEqual((await text('lsd', 'torc:')).includes(` ${bucket}\n`), false, 'the bucket is listed')
    })
  },
}
