import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import type { Gateway, RealClient } from '../client.js'
import { mustRun, runCommand } from '../day/command.js'
import { type Day, expectEqual } from '../day/day.js'
import { expectSame } from '../day/material.js'
import { programOf } from '../tools/debian.js'

const bucket = 's3fs'
const mountMs = 30_000

/** A mounted bucket; `unmount` ends the program as well. */
interface Mounted {
  readonly path: string
  unmount(): Promise<void>
}

async function mount(program: string, gateway: Gateway, folder: string): Promise<Mounted> {
  const path = join(folder, 'mount')
  fs.mkdirSync(path, { recursive: true })
  const passwords = join(folder, 'passwd')
  fs.writeFileSync(passwords, `${gateway.accessKey}:${gateway.secretKey}\n`, { mode: 0o600 })
  const options = `passwd_file=${passwords},url=${gateway.s3},use_path_request_style,endpoint=us-east-1`
  const args = [bucket, path, '-f', '-o', `${options},retries=2,multipart_size=10`]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH } })
  const ended = once(child, 'close')
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', piece => {
      said = (said + piece).slice(-2000)
    })
  const endMs = performance.now() + mountMs
  while (!fs.readFileSync('/proc/mounts', 'utf8').includes(` ${path} fuse.s3fs `)) {
    if (child.exitCode !== null || performance.now() > endMs) {
      child.kill('SIGKILL')
      throw new Error(`it does not mount: ${said.trim().split('\n').at(-1)}`)
    }
    await after(50)
  }
  return {
    path,
    async unmount() {
      const lastMs = performance.now() + mountMs
      // What is still being written makes the first attempts fail.
      while ((await runCommand('fusermount', ['-u', path])).code !== 0 && child.exitCode === null) {
        if (performance.now() > lastMs) {
          await runCommand('fusermount', ['-u', '-z', path])
          child.kill('SIGKILL')
          break
        }
        await after(200)
      }
      await ended
    },
  }
}

/** A bucket as a folder: a file is a HEAD, a folder a key that ends in `/`, a rename a copy. */
export const s3fs: RealClient = {
  name: 's3fs',
  async install() {
    const program = await programOf('/usr/bin/s3fs', 's3fs')
    if (!fs.existsSync('/dev/fuse')) return { missing: 'there is no /dev/fuse' }
    await programOf('/usr/bin/fusermount', 'fuse3')
    const { stdout } = await mustRun(program, ['--version'])
    return { program, version: /V(\S+)/.exec(stdout.toString())?.[1] ?? '' }
  },
  async work(day, gateway, program, folder) {
    const { accessKey, secretKey } = gateway
    const headers = { authorization: `Bearer ${accessKey}:${secretKey}` }
    const rest = (method: string, path: string): Promise<Response> =>
      fetch(gateway.http + path, { method, headers })
    await rest('POST', `/buckets/${bucket}`)
    let mounted: Mounted
    try {
      mounted = await mount(program, gateway, folder)
    } catch (thrown) {
      const why = (thrown as Error).message
      // A machine that forbids FUSE says nothing about the gateway.
      if (/fuse: (?:mount failed|device not found|failed to open)/.test(why)) day.skip('mount a bucket', why)
      else await day.step('mount a bucket', () => Promise.reject(thrown))
      return
    }
    try {
      await inMounted(day, gateway, mounted.path)
    } finally {
      await mounted.unmount()
    }
    await day.step('mount again: it is all there', async () => {
      const second = await mount(program, gateway, folder)
      try {
        await expectSame(join(second.path, 'moved.bin'), gateway.material.medium)
      } finally {
        await second.unmount()
      }
    })
    await day.step('remove the bucket', async () => {
      expectEqual((await rest('DELETE', `/buckets/${bucket}?force`)).status, 200, 'the status')
    })
  },
}

async function inMounted(day: Day, { material }: Gateway, path: string): Promise<void> {
  const at = (name: string): string => join(path, name)
  for (const name of ['empty', 'small', 'medium', 'large'] as const) {
    await day.step(`a file of ${material[name].size} bytes, there and back`, async () => {
      await fs.promises.copyFile(material[name].path, at(`${name}.bin`))
      await expectSame(at(`${name}.bin`), material[name])
    })
  }
  await day.step('folders', async () => {
    await fs.promises.mkdir(at('one/two'), { recursive: true })
    await fs.promises.writeFile(at('one/two/ä b.txt'), 'text')
    expectEqual(await fs.promises.readdir(at('one/two')), ['ä b.txt'], 'the folder')
    expectEqual(await fs.promises.readFile(at('one/two/ä b.txt'), 'utf8'), 'text', 'the file')
  })
  await day.step('a tree of files', async () => {
    await mustRun('cp', ['-r', material.tree, at('tree')])
    await mustRun('diff', ['-r', material.tree, at('tree')])
  })
  await day.step('append, truncate, write in the middle', async () => {
    await fs.promises.appendFile(at('one/log'), 'first\n')
    await fs.promises.appendFile(at('one/log'), 'second\n')
    const file = await fs.promises.open(at('one/log'), 'r+')
    await file.write('F', 0)
    await file.close()
    await fs.promises.truncate(at('one/log'), 9)
    expectEqual(await fs.promises.readFile(at('one/log'), 'utf8'), 'First\nsec', 'the file')
  })
  await day.step('rename files and folders, change a mode', async () => {
    await fs.promises.rename(at('medium.bin'), at('moved.bin'))
    await fs.promises.rename(at('one'), at('other'))
    await fs.promises.chmod(at('small.bin'), 0o640)
    expectEqual((await fs.promises.stat(at('small.bin'))).mode & 0o777, 0o640, 'the mode')
    expectEqual((await fs.promises.readdir(at('other'))).toSorted(), ['log', 'two'], 'the folder')
    await expectSame(at('moved.bin'), material.medium)
  })
  await day.step('remove', async () => {
    await fs.promises.rm(at('tree'), { recursive: true })
    await fs.promises.rm(at('small.bin'))
    const left = ['empty.bin', 'large.bin', 'moved.bin', 'other']
    expectEqual((await fs.promises.readdir(path)).toSorted(), left, 'what is left')
  })
}
