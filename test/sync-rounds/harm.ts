import { beforeNextLook } from '../harness/patience.js'
import type { Cluster } from '../harness/processes/cluster.js'
import type { SeededRandom } from '../harness/simulation/seeded-random.js'
import type { Desk } from './desk.js'

/** When a process is killed: whenever that is, or while a client is in the middle of something. */
const moments = ['now', 'a line', 'a temporary file', 'a file aside'] as const

/** A moment that does not come is not waited for. */
const momentMs = 1_500

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
  /** Called with a desk whose client was just killed, while nothing but the person changes its folder. */
  readonly onKilled: (desk: Desk) => void
}

/** `kill -9` of a client, a server or an agent at a random moment, and its start. What was done. */
export async function doHarm(options: HarmOptions): Promise<Harm> {
  const { cluster, desks, random, tell, suffering } = options
  const moment = random.pick(moments)
  const servers = cluster.servers.map((_, i) => (i === 0 ? 'server' : `server-${i + 1}`))
  const agents = cluster.agents.map((_, i) => `agent-${i + 1}`)
  const clients = desks.map(({ name }) => name)
  const kinds = (random.chance(0.5) ? [clients] : [servers, agents])
    .map(names => names.filter(name => !suffering.has(name)))
    .filter(names => names.length > 0)
  const victim = random.pick(random.pick(kinds))
  const desk = desks.find(({ name }) => name === victim)
  suffering.add(victim)
  await untilMoment(moment, desk === undefined ? desks : [desk])
  if (desk !== undefined) await killClient(desk, options)
  else {
    tell(`${victim} is killed`)
    await cluster.killAndRestart(victim)
    tell(`${victim} is back`)
  }
  suffering.delete(victim)
  return { victim: desk === undefined ? victim.replace(/-\d+$/, '') : 'client', moment }
}

async function killClient(desk: Desk, { random, onKilled }: HarmOptions): Promise<void> {
  await desk.kill()
  onKilled(desk)
  if (random.chance(0.5)) await beforeNextLook(random.integer(1, 600))
  desk.start()
  if (!random.chance(0.3)) return
  // Again, perhaps while it heals what the first one left.
  await untilMoment(random.pick(moments), [desk])
  await desk.kill()
  onKilled(desk)
  desk.start()
}

async function untilMoment(moment: string, desks: readonly Desk[]): Promise<void> {
  const endMs = performance.now() + momentMs
  const lines = desks.map(desk => desk.lines)
  while (moment !== 'now' && performance.now() < endMs) {
    const isNow = desks.some((desk, i) => (moment === 'a line' ? desk.lines !== lines[i] : has(desk, moment)))
    if (isNow) return
    await beforeNextLook(1)
  }
}

function has(desk: Desk, moment: string): boolean {
  const folder = moment === 'a temporary file' ? 'tmp/' : 'aside/'
  return desk.look.leftovers().some(name => name.startsWith(folder))
}
