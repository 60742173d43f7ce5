import { spawn, spawnSync } from 'node:child_process'
import type { NodeOptions, OperatedNode } from '../../harness/processes/operated-cluster.js'
import type { ChaosNetwork } from './network.js'

const bridge = 'torc0'
const device = 'eth0'
const port = 7400
/** The hardware address of nobody: what is sent there is lost, silently. */
const nobody = '02:00:00:00:00:01'
const own = ['--net', '--mount']
/** For whoever is not root. */
const asRoot = ['--user', '--map-root-user']

/**
 * A network namespace for each node, joined by a bridge: real routes, between which packets are lost. Connections do not
 * break but stand still, and go on when the route is back. This process must be in namespaces of its own (`runInside`):
 * nothing of the machine is changed, and all is gone with it.
 */
export class NamespacedNetwork implements ChaosNetwork {
  constructor() {
    // What `ip` notes of its namespaces is then in memory of our own.
    run('mount', '-t', 'tmpfs', 'tmpfs', '/run')
    run('ip', 'link', 'set', 'lo', 'up')
    run('ip', 'link', 'add', bridge, 'type', 'bridge')
    run('ip', 'address', 'add', `${addressOf(0)}/24`, 'dev', bridge)
    run('ip', 'link', 'set', bridge, 'up')
  }

  optionsOf(name: string, number: number): Pick<NodeOptions, 'listen' | 'within'> {
    run('ip', 'netns', 'add', name)
    const outer = `torc-${number}`
    run('ip', 'link', 'add', outer, 'type', 'veth', 'peer', 'name', device, 'netns', name)
    run('ip', 'link', 'set', outer, 'master', bridge, 'up')
    run('ip', '-n', name, 'address', 'add', `${addressOf(number)}/24`, 'dev', device)
    for (const one of ['lo', device]) run('ip', '-n', name, 'link', 'set', one, 'up')
    return { listen: `${addressOf(number)}:${port}`, within: ['nsenter', `--net=/run/netns/${name}`] }
  }

  cut(from: OperatedNode, to: OperatedNode, { oneWay }: { readonly oneWay: boolean }): () => void {
    const mends = [lose(from, to), ...(oneWay ? [] : [lose(to, from)])]
    return () => {
      for (const mend of mends) mend()
    }
  }

  split(...sides: readonly (readonly OperatedNode[])[]): () => void {
    const mends = sides.flatMap(side => {
      const others = sides.filter(other => other !== side).flat()
      return side.flatMap(from => others.map(to => lose(from, to)))
    })
    return () => {
      for (const mend of mends) mend()
    }
  }
}

/** Cuts of one way that are in force: what two of them cut is mended when both are. */
const cuts = new Map<string, number>()

/** What the one sends to the other goes to nobody. */
function lose(from: OperatedNode, to: OperatedNode): () => void {
  const host = to.address.slice(0, to.address.lastIndexOf(':'))
  const way = `${from.name} ${host}`
  const neighbour = [host, 'dev', device]
  cuts.set(way, (cuts.get(way) ?? 0) + 1)
  run('ip', '-n', from.name, 'neighbour', 'replace', ...neighbour, 'lladdr', nobody, 'nud', 'permanent')
  return () => {
    const left = (cuts.get(way) ?? 1) - 1
    cuts.set(way, left)
    if (left === 0) run('ip', '-n', from.name, 'neighbour', 'delete', ...neighbour)
  }
}

function addressOf(number: number): string {
  return `10.77.0.${number + 1}`
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args)
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')}: ${String(stderr).trim()}`)
}

const trial = [
  'mount -t tmpfs tmpfs /run',
  'ip netns add one',
  'ip link add torc0 type bridge',
  'ip link add torc-1 type veth peer name eth0 netns one',
].join(' && ')

/** Why namespaces can't be made here; undefined where they can. */
export function namespacesProblem(): string | undefined {
  const { status, stderr, error } = spawnSync('unshare', [...rights(), ...own, 'sh', '-c', trial])
  if (error !== undefined) return error.message
  return status === 0 ? undefined : String(stderr).trim()
}

/** Runs this program once more, in namespaces of its own, with these arguments; its exit status. */
export function runInside(args: readonly string[]): Promise<number> {
  const words = [...rights(), ...own, process.execPath, ...process.execArgv, ...args]
  const child = spawn('unshare', words, { stdio: 'inherit' })
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, forward)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve(code ?? 1))
  })
}

function rights(): readonly string[] {
  return process.getuid?.() === 0 ? [] : asRoot
}
