import { setTimeout as pause } from 'node:timers/promises'
import { beforeNextLook } from '../harness/patience.js'
import type { OperatedCluster, OperatedNode } from '../harness/processes/operated-cluster.js'

/** The nodes as they are now; a trouble replaces those that it starts again. */
export interface Nodes {
  readonly agents: OperatedNode[]
  readonly servers: OperatedNode[]
}

export interface TroubleContext {
  readonly cluster: OperatedCluster
  readonly nodes: Nodes
  /** How long the trouble lasts. */
  readonly lastsMs: number
  /** Number of the agent that holds most hints; undefined while none does. */
  readonly hintHolder: () => Promise<number | undefined>
}

export interface Trouble {
  readonly name: string
  /** Two owners of a key may be away: reads that need R of them fail then. */
  readonly readsMayFail?: boolean
  /** Makes it, waits, and undoes it. */
  run(context: TroubleContext): Promise<void>
}

async function killAgents(context: TroubleContext, ...numbers: readonly number[]): Promise<void> {
  const { cluster, nodes, lastsMs } = context
  await Promise.all(numbers.map(number => nodes.agents[number]?.process.end('SIGKILL')))
  await pause(lastsMs)
  for (const number of numbers) {
    const agent = nodes.agents[number]
    if (agent !== undefined) nodes.agents[number] = await cluster.restart(agent)
  }
}

function link(nodes: Nodes): [OperatedNode, OperatedNode] {
  const [server] = nodes.servers
  const agent = nodes.agents[2]
  if (server === undefined || agent === undefined) throw new Error('nodes are missing')
  return [server, agent]
}

/** In this order. Each is made while clients work, and mended before the next. */
export const troubles: readonly Trouble[] = [
  { name: 'kill -9 one agent', run: context => killAgents(context, 0) },
  { name: 'kill -9 two agents', readsMayFail: true, run: context => killAgents(context, 1, 3) },
  {
    name: 'kill -9 the hint holder',
    readsMayFail: true,
    async run(context) {
      const { cluster, nodes } = context
      const owner = nodes.agents[4]
      await owner?.process.end('SIGKILL')
      let holder: number | undefined
      for (;;) {
        holder = await context.hintHolder()
        if (holder !== undefined) break
        await beforeNextLook()
      }
      await killAgents(context, holder)
      if (owner !== undefined) nodes.agents[4] = await cluster.restart(owner)
    },
  },
  {
    name: 'kill -9 a server',
    async run({ cluster, nodes, lastsMs }) {
      const [server] = nodes.servers
      await server?.process.end('SIGKILL')
      await pause(lastsMs)
      if (server !== undefined) nodes.servers[0] = await cluster.restart(server)
    },
  },
  {
    name: 'SIGSTOP an agent',
    async run({ nodes, lastsMs }) {
      const child = nodes.agents[1]?.process.child
      child?.kill('SIGSTOP')
      await pause(lastsMs)
      child?.kill('SIGCONT')
    },
  },
  {
    name: 'a link cut one way',
    async run({ cluster, nodes, lastsMs }) {
      const mend = cluster.cutLink(...link(nodes), { oneWay: true })
      await pause(lastsMs)
      mend()
    },
  },
  {
    name: 'a link cut both ways',
    async run({ cluster, nodes, lastsMs }) {
      const mend = cluster.cutLink(...link(nodes))
      await pause(lastsMs)
      mend()
    },
  },
  {
    name: 'a link that flaps',
    async run({ cluster, nodes, lastsMs }) {
      for (let left = lastsMs; left > 0; left -= 1_000) {
        const mend = cluster.cutLink(...link(nodes))
        await pause(500)
        mend()
        await pause(500)
      }
    },
  },
]
