import { type ChildProcess, fork } from 'node:child_process'

/** Says to a process that it was made to run seeds. */
const variable = 'TORC_RUNS_SEEDS'
/** Most of what a run makes dies young, and nobody reads where the errors of retries came from. */
const execArgv = ['--max-semi-space-size=32', '--stack-trace-limit=4']

export interface SeedsOptions {
  /** The program's file: it calls `serveSeeds` where `runsSeeds()`. */
  readonly program: string
  /** The command line, which each process reads as well. */
  readonly args: readonly string[]
  readonly from: bigint
  readonly runs: number
  /** Processes side by side. */
  readonly jobs: number
}

/** Runs seeds `from`, `from + 1`, … in processes of their own; `onTold` gets what each run tells, in whatever order they end. */
export async function runSeeds<Told>(options: SeedsOptions, onTold: (told: Told) => void): Promise<void> {
  const { program, args, from, runs, jobs } = options
  let next = 0
  const worker = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child: ChildProcess = fork(program, [...args], {
        execArgv,
        env: { ...process.env, [variable]: '1' },
      })
      let asked: bigint | undefined
      const ask = (): void => {
        asked = next < runs ? from + BigInt(next++) : undefined
        if (asked === undefined) child.disconnect()
        else child.send(asked.toString())
      }
      child.on('message', (told: 'ready' | { readonly told: Told }) => {
        if (told !== 'ready') onTold(told.told)
        ask()
      })
      child.on('error', reject)
      child.on('exit', code => {
        if (asked === undefined) resolve()
        else reject(new Error(`the process ended with ${code} in seed ${asked}`))
      })
    })
  await Promise.all(Array.from({ length: jobs }, worker))
}

/** Whether this process was made by `runSeeds`. */
export function runsSeeds(): boolean {
  return process.send !== undefined && process.env[variable] === '1'
}

/** Runs each seed that comes, and tells what came of it, until the other side goes. */
export function serveSeeds<Told>(run: (seed: bigint) => Promise<Told>): void {
  process.on('message', (seed: string) => {
    void run(BigInt(seed)).then(told => process.send?.({ told }))
  })
  process.on('disconnect', () => process.exit())
  process.send?.('ready')
}
