import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { awsVariables, type Gateway, type RealClient } from '../client.js'
import { type CommandResult, mustRun, runCommand } from '../day/command.js'
import { type Day, expectEqual, expectMatch } from '../day/day.js'
import { expectSame } from '../day/material.js'
import { debianProgram } from '../tools/debian.js'
import { pythonWith } from '../tools/python.js'

async function versionOf(program: string): Promise<string> {
  const { stdout } = await mustRun(program, ['--version'])
  return /aws-cli\/(\S+)/.exec(stdout.toString())?.[1] ?? stdout.toString().trim()
}

async function work(day: Day, gateway: Gateway, aws: string, folder: string, bucket: string): Promise<void> {
  const { material, listing, s3 } = gateway
  // The first edition signs links by version 2 unless it is told not to.
  const config = join(folder, 'config')
  writeFileSync(config, '[default]\ns3 =\n  signature_version = s3v4\n')
  const variables = { ...awsVariables(gateway, folder), AWS_CONFIG_FILE: config }
  const options = { variables, directory: folder }
  const run = (...args: string[]): Promise<CommandResult> =>
    mustRun(aws, ['--endpoint-url', s3, ...args], options)
  const text = async (...args: string[]): Promise<string> => (await run(...args)).stdout.toString().trim()
  const api = async (operation: string, ...args: string[]): Promise<Record<string, unknown>> => {
    const told = await text('s3api', operation, '--output', 'json', ...args)
    return told === '' ? {} : (JSON.parse(told) as Record<string, unknown>)
  }
  const at = (key: string): string => `s3://${bucket}/${key}`
  const here = ['--bucket', bucket]
  const back = join(folder, 'back')

  await day.step('make a bucket', async () => {
    await run('s3', 'mb', `s3://${bucket}`)
    expectMatch(await text('s3', 'ls'), new RegExp(` ${bucket}$`, 'm'), 'the buckets')
    await api('head-bucket', ...here)
  })
  for (const name of ['empty', 'small', 'medium', 'large'] as const) {
    await day.step(`a file of ${material[name].size} bytes, there and back`, async () => {
      await run('s3', 'cp', '--only-show-errors', material[name].path, at(name))
      await run('s3', 'cp', '--only-show-errors', at(name), back)
      await expectSame(back, material[name])
    })
  }
  await day.step('standard input, of a size that is not told', async () => {
    const input = readFileSync(material.medium.path)
    const args = ['--endpoint-url', s3, 's3', 'cp', '-', at('piped')]
    await mustRun(aws, args, { ...options, input })
    await run('s3', 'cp', '--only-show-errors', at('piped'), back)
    await expectSame(back, material.medium)
  })
  await day.step('an object by the API, with metadata, a range and conditions', async () => {
    const body = ['--body', material.small.path, '--metadata', 'a=1', '--content-type', 'text/x-torc']
    const put = await api('put-object', ...here, '--key', 'api', ...body)
    expectEqual(put.ETag, `"${material.small.md5}"`, 'the etag')
    const head = await api('head-object', ...here, '--key', 'api')
    expectEqual([head.Metadata, head.ContentType], [{ a: '1' }, 'text/x-torc'], 'the head')
    await api('get-object', ...here, '--key', 'api', '--range', 'bytes=100-199', back)
    expectEqual(statSync(back).size, 100, 'the size of the range')
    const wrong = ['get-object', ...here, '--key', 'api', '--if-match', '"x"', back]
    const refused = await runCommand(aws, ['--endpoint-url', s3, 's3api', ...wrong], options)
    expectMatch(refused.stderr, /PreconditionFailed|412/, 'a condition that does not hold')
  })
  await day.step(`a listing of ${listing.keys} keys`, async () => {
    const lines = (await text('s3', 'ls', '--recursive', `s3://${listing.bucket}`)).split('\n')
    expectEqual(lines.length, listing.keys, 'the lines')
    const folders = await api('list-objects-v2', '--bucket', listing.bucket, '--delimiter', '/')
    expectEqual((folders.CommonPrefixes as unknown[]).length, 10, 'the folders')
  })
  await day.step('copies and moves on the server', async () => {
    await run('s3', 'cp', '--only-show-errors', at('medium'), at('copies/medium'))
    await run('s3', 'mv', '--only-show-errors', at('copies/medium'), at('copies/moved'))
    await run('s3', 'cp', '--only-show-errors', at('copies/moved'), back)
    await expectSame(back, material.medium)
    expectMatch(await text('s3', 'ls', at('copies/')), /^\S+ \S+ +\d+ moved$/, 'what is left')
  })
  await day.step('sync there and back', async () => {
    await run('s3', 'sync', '--only-show-errors', material.tree, at('tree'))
    expectEqual(await text('s3', 'sync', material.tree, at('tree')), '', 'the second sync')
    const tree = join(folder, 'tree')
    mkdirSync(tree)
    await run('s3', 'sync', '--only-show-errors', at('tree'), tree)
    await mustRun('diff', ['-r', material.tree, tree])
    writeFileSync(join(tree, 'added'), 'added')
    const changes = await text('s3', 'sync', '--no-progress', '--delete', tree, at('tree'))
    expectMatch(changes, /^upload: .*added/, 'what the sync did')
  })
  await day.step('versions', async () => {
    const versions = `${bucket}-versions`
    await run('s3', 'mb', `s3://${versions}`)
    const there = ['--bucket', versions]
    await api('put-bucket-versioning', ...there, '--versioning-configuration', 'Status=Enabled')
    expectEqual(await api('get-bucket-versioning', ...there), { Status: 'Enabled' }, 'the status')
    const first = await api('put-object', ...there, '--key', 'k', '--body', material.small.path)
    await api('put-object', ...there, '--key', 'k', '--body', material.empty.path)
    const marker = await api('delete-object', ...there, '--key', 'k')
    const listed = await api('list-object-versions', ...there)
    expectEqual([(listed.Versions as []).length, (listed.DeleteMarkers as []).length], [2, 1], 'the versions')
    await api('get-object', ...there, '--key', 'k', '--version-id', String(first.VersionId), back)
    await expectSame(back, material.small)
    await api('delete-object', ...there, '--key', 'k', '--version-id', String(marker.VersionId))
    await api('get-object', ...there, '--key', 'k', back)
    await expectSame(back, material.empty)
    for (const { VersionId } of listed.Versions as { VersionId: string }[])
      await api('delete-object', ...there, '--key', 'k', '--version-id', VersionId)
    await run('s3', 'rb', `s3://${versions}`)
  })
  await day.step('a presigned link', async () => {
    const link = await text('s3', 'presign', at('small'), '--expires-in', '60')
    const got = await fetch(link)
    expectEqual([got.status, (await got.arrayBuffer()).byteLength], [200, material.small.size], 'the answer')
    const broken = link.slice(0, -1) + (link.endsWith('0') ? '1' : '0')
    expectEqual((await fetch(broken)).status, 403, 'another signature')
  })
  await day.step('delete many by the API', async () => {
    const Objects = ['small', 'empty', 'not there'].map(Key => ({ Key }))
    const told = await api('delete-objects', ...here, '--delete', JSON.stringify({ Objects }))
    expectEqual((told.Deleted as unknown[]).length, 3, 'the keys deleted')
  })
  await day.step('what is not there', async () => {
    const missing = await runCommand(aws, ['--endpoint-url', s3, 's3', 'cp', at('nothing'), back], options)
    expectMatch(missing.stderr, /404/, 'a key that is not there')
    const full = await runCommand(aws, ['--endpoint-url', s3, 's3', 'rb', `s3://${bucket}`], options)
    expectMatch(full.stderr, /BucketNotEmpty/, 'a bucket that is not empty')
  })
  await day.step('empty and remove the bucket', async () => {
    await run('s3', 'rm', '--recursive', '--only-show-errors', `s3://${bucket}`)
    await run('s3', 'rb', `s3://${bucket}`)
    expectEqual((await text('s3', 'ls')).includes(`${bucket}\n`), false, 'the bucket is listed')
  })
}

export const awscli: RealClient = {
  name: 'awscli',
  async install(tools) {
    const { bin } = await pythonWith(tools, 'awscli', ['awscli'])
    const program = join(bin, 'aws')
    return { program, version: await versionOf(program) }
  },
  work: (day, gateway, aws, folder) => work(day, gateway, aws, folder, 'awscli'),
}

/** Debian's, whose second edition signs bodies and adds no checksums. */
export const awscliDebian: RealClient = {
  name: 'awscli-debian',
  async install() {
    const program = await debianProgram('/usr/bin/aws', 'awscli')
    return { program, version: await versionOf(program), note: "Debian's" }
  },
  work: (day, gateway, aws, folder) => work(day, gateway, aws, folder, 'awscli-debian'),
}
