// npm run rounds:sync -- [--rounds 200] [--seed 1] [--check-every 2] [--clients 3] [--writers 3] [--servers 2] [--story FILE]
import { parseArgs } from 'node:util'
import { syncRounds } from './sync-rounds.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    'check-every': { type: 'string', default: '2' },
    clients: { type: 'string', default: '3' },
    writers: { type: 'string' },
    servers: { type: 'string', default: '2' },
    story: { type: 'string' },
  },
})
// Ctrl-C ends after the next check, with the figures.
const interrupted = new AbortController()
process.once('SIGINT', () => interrupted.abort())
const { kills, problems, story, kept, ...counts } = await syncRounds({
  rounds: Number(values.rounds),
  seed: values.seed,
  checkEvery: Number(values['check-every']),
  desks: Number(values.clients),
  writers: values.writers === undefined ? undefined : Number(values.writers),
  servers: Number(values.servers),
  keep: true,
  signal: interrupted.signal,
  storyFile: values.story,
  onProgress: text => console.error(text),
})
for (const line of story) console.error(line)
console.table(Object.entries(kills).map(([kill, times]) => ({ kill, times })))
console.table([counts])
for (const problem of problems) console.error(`seed ${values.seed}: ${problem}`)
if (kept !== undefined) console.error(`folders, logs and the story are in ${kept}`)
if (problems.length > 0) process.exitCode = 1
