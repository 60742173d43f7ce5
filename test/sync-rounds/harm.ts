import { readdirSync, watch } from 'node:fs'
import { join } from 'node:path'
import { beforeNextLook } from '../harness/patience.js'
import type { Cluster } from '../harness/processes/cluster.js'
import type { SeededRandom } from '../harness/simulation/seeded-random.js'
import type { Desk } from './desk.js'

/** When a process is killed: whenever that is, or while a client is in the middle of something. */
const moments = ['now', 'a line', 'a note in the journal', 'a temporary file', 'a file aside'] as const
/** Few of a client's steps take long: those that do not are aimed at more often. */
const clientMoments = [...moments, 'a temporary file', 'a file aside', 'a file aside'] as const
type Moment = (typeof moments)[number]
const folderOf = { 'a note in the journal': '', 'a temporary file': 'tmp', 'a file aside': 'aside' } as const

/** A moment that does not come is not waited for. */
const momentMs = 1_500
const spinMs = 10

export interface Harm {
  readonly victim: string
  readonly moment: string
}

export interface HarmOptions {
  readonly cluster: Cluster
  readonly desks: readonly Desk[]
  readonly random: SeededRandom
  readonly tell: (line: string) => void
  /** Who is being killed: not to be killed by two at once. */
  readonly suffering: Set<string>
  /** A client was just killed, and left files in these of its folders. */
  readonly onKilled: (desk: Desk, left: readonly string[]) => void
}

/** `kill -9` of a client, a server or an agent at a random moment, and its start. What was done. */
export async function doHarm(options: HarmOptions): Promise<Harm> {
  const { cluster, desks, random, tell, suffering } = options
  const servers = cluster.servers.map((_, i) => (i === 0 ? 'server' : `server-${i + 1}`))
  const agents = cluster.agents.map((_, i) => `agent-${i + 1}`)
  const clients = desks.map(({ name }) => name)
  const kinds = (random.chance(0.5) ? [clients] : [servers, agents])
    .map(names => names.filter(name => !suffering.has(name)))
    .filter(names => names.length > 0)
  const victim = random.pick(random.pick(kinds))
  const desk = desks.find(({ name }) => name === victim)
  suffering.add(victim)
  const moment = random.pick(desk === undefined ? moments : clientMoments)
  await untilMoment(moment, desk === undefined ? desks : [desk], random)
  if (desk !== undefined) await killClient(desk, options)
  else {
    tell(`${victim} is killed`)
    await cluster.killAndRestart(victim)
    tell(`${victim} is back`)
  }
  suffering.delete(victim)
  return { victim: desk === undefined ? victim.replace(/-\d+$/, '') : 'client', moment }
}

async function killClient(desk: Desk, options: HarmOptions): Promise<void> {
  const { random } = options
  await kill(desk, options)
  if (random.chance(0.5)) await beforeNextLook(random.integer(1, 600))
  desk.start()
  if (!random.chance(0.3)) return
  // Again, perhaps while it heals what the first one left.
  await untilMoment(random.pick(clientMoments), [desk], random)
  await kill(desk, options)
  desk.start()
}

async function kill(desk: Desk, { onKilled }: HarmOptions): Promise<void> {
  await desk.kill()
  const left = (['tmp', 'aside'] as const).filter(each =>
    desk.ownFolder(each).some(path => filesBelow(path) > 0),
  )
  onKilled(desk, left)
}

/** At once when it comes, or a little later, so that every step that follows on it is hit. */
async function untilMoment(moment: Moment, desks: readonly Desk[], random: SeededRandom): Promise<void> {
  if (moment === 'now') return
  const until = new AbortController()
  const { signal } = until
  const come = (): void => until.abort()
  if (moment === 'a line') void untilLine(desks, signal).then(come)
  else {
    for (const folder of desks.flatMap(desk => desk.ownFolder(folderOf[moment]))) {
      watch(folder, { signal }, (_, file) => {
        // The journal is written before an upload begins, and when its answer is there.
        if (moment === 'a note in the journal' ? file === 'journal.db-wal' : holdsFile(folder)) come()
      })
    }
  }
  const endMs = performance.now() + momentMs
  await new Promise<void>(resolve => {
    signal.addEventListener('abort', () => resolve())
    void untilTime(endMs, signal).then(come)
  })
  const later = moment === 'a note in the journal' ? { chance: 0.8, ms: 60 } : { chance: 0.3, ms: 8 }
  if (random.chance(later.chance)) await beforeNextLook(random.integer(1, later.ms))
}

/**
 * Whether a file is there, or will be at once: the folders that lead to it are made first, and whoever lets go of the
 * processor in between comes too late.
 */
function holdsFile(folder: string): boolean {
  for (const endMs = performance.now() + spinMs; performance.now() < endMs; ) {
    if (filesBelow(folder) > 0) return true
  }
  return false
}

/** Files and links, not folders. */
export function filesBelow(folder: string): number {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.reduce(
      (sum, entry) => sum + (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : 1),
      0,
    )
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

async function untilLine(desks: readonly Desk[], signal: AbortSignal): Promise<void> {
  const lines = desks.map(desk => desk.lines)
  while (!signal.aborted && desks.every((desk, i) => desk.lines === lines[i])) await beforeNextLook(1)
}

async function untilTime(endMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && performance.now() < endMs) await beforeNextLook()
}
