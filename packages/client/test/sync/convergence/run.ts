import type { Random } from '@torc/protocol/environment/random'
import type { Content } from '../../../src/sync/trees/entry.js'
import { ManualClock } from '../../doubles/manual-clock.js'
import { seededRandom } from '../../doubles/seeded-random.js'
import { disturbed } from '../simulated-feed.js'
import { SimulatedRemote } from '../simulated-remote.js'
import { Machine } from './machine.js'

/** Rounds in which all machines sync in turn, at rest, until nothing is left to do. */
const roundsMax = 30

/**
 * Some people with a machine each, who write, rename, remove, go offline, are killed, and work on one prefix at once; then
 * rest. After it all folders are the same and the same as the store, nothing that anyone had is lost, and nothing is gone that
 * nobody took away. Throws with the story of the run where that is not so; the same seed is the same run.
 */
export async function runConvergence(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const story: string[] = []
  const tell = (line: string): void => void story.push(line)
  const clock = new ManualClock()
  const below = (count: number): number => Math.floor(random.fraction() * count)
  const remote = new SimulatedRemote({
    ...{ clock, random },
    disturbance: below(2) === 0 ? disturbed(random) : undefined,
  })
  const count = [2, 2, 2, 3, 3, 4, 10][below(7)] ?? 2
  const machines = Array.from({ length: count }, (_, i) => new Machine(`m${i}`, remote, random, tell))
  const ever = new Set<string>()
  const [replaced, removed] = [new Set<string>(), new Set<string>()]
  try {
    await work({ machines, remote, random, clock, tell, ever, replaced, removed })
    for (const machine of machines) {
      machine.online = true
      machine.disturbance = 0
      machine.mortality = 0
    }
    tell('rest')
    await rest(machines, clock)
    check({ machines, remote, ever, replaced, removed })
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    throw new Error(`seed ${seed}: ${message}\n${story.slice(-400).join('\n')}`, { cause: thrown })
  } finally {
    for (const machine of machines) machine.close()
  }
}

interface Scene {
  readonly machines: readonly Machine[]
  readonly remote: SimulatedRemote
  readonly random: Random
  readonly clock: ManualClock
  readonly tell: (line: string) => void
  /** Names that a person had at some time. */
  readonly ever: Set<string>
  /** Texts that another program saw in the store and wrote over. */
  readonly replaced: Set<string>
  /** Names that another program removed. */
  readonly removed: Set<string>
}

async function work({
  machines,
  remote,
  random,
  clock,
  tell,
  ever,
  replaced,
  removed,
}: Scene): Promise<void> {
  const below = (count: number): number => Math.floor(random.fraction() * count)
  const any = (): Machine => machines[below(machines.length)] as Machine
  const [disturbance, mortality] = [below(3) === 0 ? 0.05 : 0, below(3) === 0 ? 0.02 : 0]
  for (const machine of machines) {
    machine.disturbance = disturbance
    machine.mortality = mortality
  }
  for (let deeds = 8 + below(30); deeds > 0; deeds--) {
    clock.pass(1 + below(5_000))
    const deed = below(20)
    const machine = any()
    if (deed < 10) machine.act()
    else if (deed < 13) await machine.sync(below(3) === 0 ? 'all' : 'marks')
    else if (deed < 16) {
      // Several at once, each step of one between steps of the others.
      const others = machines.filter(() => below(2) === 0)
      await Promise.all(others.map(other => other.sync(below(2) === 0 ? 'all' : 'marks')))
    } else if (deed < 18) {
      machine.online = !machine.online
      tell(`${machine.name} is ${machine.online ? 'online' : 'offline'}`)
    } else if (deed === 18 && below(3) === 0) {
      remote.feed.expireCursors()
      tell('cursors expire')
    } else if (deed === 19 && below(2) === 0) {
      const names = [...remote.texts().keys()]
      const name = names[below(names.length)]
      if (name === undefined || below(2) === 0)
        putByOther(['a', 'd/x', 'o/p'][below(3)] ?? 'a', { remote, replaced, below, tell })
      else removeByOther(name, { remote, replaced, below, tell, removed })
    }
    for (const { folder } of machines) for (const name of folder.userList()) ever.add(name)
  }
}

/** Another program writes over whatever is there. */
function putByOther(
  name: string,
  {
    remote,
    replaced,
    tell,
    below,
  }: Pick<Scene, 'remote' | 'replaced' | 'tell'> & {
    below: (count: number) => number
  },
): void {
  for (const { content } of remote.entry(name)?.heads ?? []) replaced.add(textOf(remote, content))
  remote.put(name, `other ${below(1_000_000)}`)
  tell(`another program puts ${name}`)
}

/** Another program deletes or purges a name; or the store forgets it, and whoever has it must bring it back. */
function removeByOther(
  name: string,
  {
    remote,
    replaced,
    removed,
    tell,
    below,
  }: Pick<Scene, 'remote' | 'replaced' | 'removed' | 'tell'> & {
    below: (count: number) => number
  },
): void {
  const how = below(3)
  if (how < 2) {
    removed.add(name)
    for (const { content } of remote.entry(name)?.heads ?? []) replaced.add(textOf(remote, content))
    if (how === 0) remote.delete(name)
    else remote.purge(name)
    tell(`another program ${how === 0 ? 'deletes' : 'purges'} ${name}`)
    return
  }
  // Only what is in some folder can come back; a folder is implied from then on, and goes with what is in it.
  if (name.endsWith('/')) removed.add(name)
  for (const { content } of remote.entry(name)?.heads ?? []) replaced.add(textOf(remote, content))
  remote.purge(name)
  remote.feed.expireCursors()
  tell(`the store forgets ${name}`)
}

async function rest(machines: readonly Machine[], clock: ManualClock): Promise<void> {
  let quiet = 0
  for (let round = 0; round < roundsMax && quiet < 2; round++) {
    let moved = false
    for (const machine of machines) {
      clock.pass(10_000)
      const report = await machine.sync('all')
      if (report === undefined) throw new Error(`${machine.name} fails at rest`)
      const { uploaded, downloaded, removedLocally, removedRemotely, conflicts, left } = report
      if (left.length > 0) throw new Error(`${machine.name} left ${JSON.stringify(left)}`)
      moved ||= uploaded + downloaded + removedLocally + removedRemotely + conflicts.length > 0
    }
    quiet = moved ? 0 : quiet + 1
  }
  if (quiet < 2) throw new Error(`not at rest after ${roundsMax} rounds`)
}

function textOf(remote: SimulatedRemote, content: Content): string {
  return Buffer.from(remote.bytesOf(content)).toString()
}

function check({
  machines,
  remote,
  ever,
  replaced,
  removed,
}: Omit<Scene, 'random' | 'clock' | 'tell'>): void {
  const stored = new Map(remote.texts())
  for (const name of [...stored.keys()]) {
    // Folders that are there because of what is in them.
    for (let slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1))
      if (!stored.has(name.slice(0, slash + 1))) stored.set(name.slice(0, slash + 1), '')
  }
  for (const machine of machines) {
    const here = machine.tree()
    for (const name of new Set([...here.keys(), ...stored.keys()])) {
      if (here.get(name) === stored.get(name)) continue
      throw new Error(`${machine.name} has ${name} = ${here.get(name)}, the store ${stored.get(name)}`)
    }
  }
  // What nobody who saw it took away is there, under its own name or a conflict name.
  const live = new Set(stored.values())
  const gone = new Set([...replaced, ...machines.flatMap(({ deeds }) => [...deeds.destroyed])])
  for (const { deeds } of machines) {
    for (const text of deeds.written)
      if (!live.has(text) && !gone.has(text)) throw new Error(`"${text}" is in no folder any more`)
  }
  for (const name of ever) {
    // An implied folder goes with what is in it.
    const emptied = name.endsWith('/') && [...removed].some(each => each.startsWith(name))
    const taken = emptied || removed.has(name) || machines.some(({ deeds }) => deeds.removed.has(name))
    if (stored.has(name) || taken) continue
    // A file gives way to a folder of its name: then it is, or was, beside it as a conflict copy.
    const aside = `${name.replace(/\.[^/.]*$/, '')}.conflict-`
    if (remote.names().some(each => each.startsWith(aside))) continue
    throw new Error(`${name} is gone, and nobody took it away`)
  }
}
