// npm run properties -- [--runs 100000] [--seed S] [--jobs 2]
// Runs random histories of a key (see checkHistory) in worker processes. Status 0: all held; 1: a case failed,
// and what is printed replays it; 2: the options make no sense.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Options, readOptions, usage } from './options.js'
import type { Told } from './worker.js'

const progressEveryMs = 10_000

async function run({ runs, seed, jobs }: Options): Promise<boolean> {
  const startMs = Date.now()
  let shownMs = startMs
  let done = 0
  let failed: Told | undefined
  const workers: ChildProcess[] = []
  const stopAll = () => {
    for (const worker of workers) worker.kill()
  }
  const hear = (told: Told) => {
    if (failed !== undefined) return
    if (told.failure !== undefined) {
      failed = told
      stopAll()
      return
    }
    done += told.cases
    const nowMs = Date.now()
    if (nowMs - shownMs < progressEveryMs || done === runs) return
    shownMs = nowMs
    const perSecond = (done * 1000) / (nowMs - startMs)
    const left = Math.ceil((runs - done) / perSecond)
    console.log(
      `${count(done)} of ${count(runs)} cases held, ${count(Math.round(perSecond))}/s, about ${left} s left`,
    )
  }
  console.log(`${count(runs)} random histories of a key, seed ${seed}, ${jobs} processes`)
  const ends = Array.from({ length: jobs }, (_, i) => {
    const worker = fork(
      fileURLToPath(new URL('worker.js', import.meta.url)),
      [seed, runs, i, jobs].map(String),
    )
    workers.push(worker)
    worker.on('message', message => hear(message as Told))
    return new Promise<number | null>(resolve => {
      worker.on('error', () => resolve(null))
      worker.on('close', resolve)
    })
  })
  const codes = await Promise.all(ends)
  const seconds = (Date.now() - startMs) / 1000
  if (failed !== undefined) {
    console.log(failed.failure)
    console.log(`1 failed. Replay: npm run properties -- --runs ${failed.cases} --seed ${failed.seed}`)
    return false
  }
  if (done !== runs || codes.some(code => code !== 0)) {
    console.log(
      `a worker ended early (status ${codes.join(', ')}) after ${count(done)} of ${count(runs)} cases`,
    )
    return false
  }
  const rate = count(Math.round(done / seconds))
  console.log(`${count(done)} cases held, 0 failed, seed ${seed}, ${seconds.toFixed(1)} s, ${rate} cases/s`)
  return true
}

function count(n: number): string {
  return n.toLocaleString('en-US')
}

let options: Options | undefined
try {
  options = readOptions(process.argv.slice(2), Date.now())
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\nUsage: ${usage}`)
  process.exitCode = 2
}
if (options !== undefined) process.exitCode = (await run(options)) ? 0 : 1
