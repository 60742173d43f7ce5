import type { SeededRandom } from '../../harness/simulation/seeded-random.js'
import { agentNames, serverNames } from '../cluster/chaos-cluster.js'
import { type Fault, type FaultContext, type Free, pickSome, shared, type Victims } from './fault.js'

const flapMs = { min: 100, max: 900 }
const resetMs = { min: 100, max: 700 }
const delayMs = { min: 20, max: 300 }
const serverLinkProbability = 0.6

/** Two nodes: mostly a server and an agent, between which most traffic is. */
function aLink(_: Free, random: SeededRandom): Victims | undefined {
  const [one = '', other = ''] = pickSome(agentNames, 2, random) ?? []
  const from = random.chance(serverLinkProbability) ? random.pick(serverNames) : one
  return shared(random.chance(0.5) ? [from, other] : [other, from])
}

function aNode(_: Free, random: SeededRandom): Victims | undefined {
  return shared(pickSome([...serverNames, ...agentNames], 1, random))
}

function cut({ cluster, victims }: FaultContext, oneWay: boolean): () => void {
  const [from = '', to = ''] = victims
  return cluster.network.cut(cluster.node(from), cluster.node(to), { oneWay })
}

async function cutUntilOver(context: FaultContext, oneWay: boolean): Promise<void> {
  const mend = cut(context, oneWay)
  try {
    await context.over
  } finally {
    mend()
  }
}

/** What happens to links between nodes; clients reach both servers all the time. */
export const linkFaults: readonly Fault[] = [
  {
    name: 'a link cut one way',
    goesOn: 'writes and reads',
    choose: aLink,
    run: context => cutUntilOver(context, true),
  },
  {
    name: 'a link cut both ways',
    goesOn: 'writes and reads',
    choose: aLink,
    run: context => cutUntilOver(context, false),
  },
  {
    name: 'a link that flaps',
    goesOn: 'writes and reads',
    choose: aLink,
    async run(context) {
      const { isOver, pause, random } = context
      do {
        const mend = cut(context, random.chance(0.5))
        try {
          await pause(random.integer(flapMs.min, flapMs.max))
        } finally {
          mend()
        }
        await pause(random.integer(flapMs.min, flapMs.max))
      } while (!isOver())
    },
  },
  {
    name: 'a slow node',
    goesOn: 'writes and reads',
    proxies: true,
    choose: aNode,
    async run({ cluster, victims, over, random }) {
      const mends = victims.map(victim =>
        cluster.node(victim).proxy?.delay(random.integer(delayMs.min, delayMs.max)),
      )
      try {
        await over
      } finally {
        for (const mend of mends) mend?.()
      }
    },
  },
  {
    name: 'connections reset',
    goesOn: 'writes and reads',
    proxies: true,
    choose: aNode,
    async run({ cluster, victims, isOver, pause, random }) {
      const proxies = victims.flatMap(victim => cluster.node(victim).proxy ?? [])
      try {
        do {
          const refusing = random.chance(0.3)
          for (const proxy of proxies) {
            proxy.refuse(refusing)
            proxy.breakConnections()
          }
          await pause(random.integer(resetMs.min, resetMs.max))
        } while (!isOver())
      } finally {
        for (const proxy of proxies) proxy.refuse(false)
      }
    },
  },
  {
    name: 'groups split',
    goesOn: 'nothing',
    choose: (_, random) => {
      const inOrder = pickSome(agentNames, agentNames.length, random) ?? []
      // The first side is the first server's; one side may have no agent at all.
      return shared([...inOrder.slice(0, random.integer(0, agentNames.length)), random.pick(serverNames)])
    },
    async run({ cluster, victims, over }) {
      const others = [...serverNames, ...agentNames].filter(name => !victims.includes(name))
      const nodesOf = (names: readonly string[]) => names.map(name => cluster.node(name))
      const mend = cluster.network.split(nodesOf(victims), nodesOf(others))
      try {
        await over
      } finally {
        mend()
      }
    },
  },
]
