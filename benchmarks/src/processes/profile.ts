import { mkdirSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { basename, join } from 'node:path'

/**
 * Loaded before everything else in each measured process when `--profile DIR` was given: takes a CPU profile of the
 * whole life of the process, to be opened with any tool that reads `.cpuprofile` files.
 */
const samplingMicroseconds = 500
const directory = process.env.BENCHMARK_PROFILE_DIRECTORY

if (directory !== undefined) {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.setSamplingInterval', { interval: samplingMicroseconds })
  session.post('Profiler.start')
  process.on('exit', () => {
    // The inspector answers at once: nothing is left to wait for at the exit of a process.
    session.post('Profiler.stop', (error, result) => {
      if (error !== null) return
      const program = basename(process.argv[1] ?? 'node', '.js')
      const name = [program, process.argv[2], process.pid].filter(part => part !== undefined).join('-')
      mkdirSync(directory, { recursive: true })
      writeFileSync(
        join(directory, `${name.replaceAll(/[^\w.-]/g, '')}.cpuprofile`),
        JSON.stringify(result.profile),
      )
    })
  })
}
