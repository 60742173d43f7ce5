import { parseArgs } from 'node:util'
import { seedMax } from './batches.js'

export const usage = 'npm run properties -- [--runs 100000] [--seed S] [--jobs 2]'

export interface Options {
  readonly runs: number
  readonly seed: number
  readonly jobs: number
}

/** Throws an error whose message is for the user. */
export function readOptions(args: readonly string[], anySeed: number): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '100000' },
      seed: { type: 'string', default: String(anySeed % (seedMax + 1)) },
      jobs: { type: 'string', default: '2' },
    },
  })
  return {
    runs: wholeNumber('--runs', values.runs, 1, 1e12),
    seed: wholeNumber('--seed', values.seed, 0, seedMax),
    jobs: wholeNumber('--jobs', values.jobs, 1, 64),
  }
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (!/^[0-9]+$/.test(text) || value < min || value > max) {
    throw new Error(`${name} needs a whole number from ${min} to ${max}, not "${text}"`)
  }
  return value
}
