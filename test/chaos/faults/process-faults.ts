import { beforeNextLook } from '../../harness/patience.js'
import { agentNames, serverNames, smallDiskAgent } from '../cluster/chaos-cluster.js'
import { SmallDisk } from '../cluster/small-disk.js'
import { claimed, type Fault, type FaultContext, pickSome } from './fault.js'

const everybody = [...serverNames, ...agentNames]
const refillMs = 100

async function killUntilOver({ cluster, victims, over }: FaultContext): Promise<void> {
  await cluster.kill(...victims)
  await over
  await cluster.restart(...victims)
}

async function stopUntilOver({ cluster, victims, over }: FaultContext): Promise<void> {
  for (const victim of victims) cluster.signal(victim, 'SIGSTOP')
  try {
    await over
  } finally {
    for (const victim of victims) cluster.signal(victim, 'SIGCONT')
  }
}

/** What happens to processes and their disks. */
export const processFaults: readonly Fault[] = [
  {
    name: 'kill -9 an agent',
    goesOn: 'writes and reads',
    choose: ({ agents }, random) => claimed(pickSome(agents, 1, random)),
    run: killUntilOver,
  },
  {
    // Two owners of a key may be away, and reads need R of them.
    name: 'kill -9 two agents',
    goesOn: 'writes',
    choose: ({ agents }, random) => claimed(pickSome(agents, 2, random)),
    run: killUntilOver,
  },
  {
    name: 'kill -9 an agent again and again',
    goesOn: 'writes and reads',
    choose: ({ agents }, random) => claimed(pickSome(agents, 1, random)),
    async run({ cluster, victims, isOver, pause, random }) {
      do {
        await cluster.kill(...victims)
        await cluster.restart(...victims)
        await pause(random.integer(0, 1_000))
      } while (!isOver())
    },
  },
  {
    name: 'kill -9 the hint holder',
    goesOn: 'writes',
    alone: true,
    choose: ({ agents }, random) => claimed(pickSome(agents, 1, random)),
    async run({ cluster, victims, over, isOver, hintHolder }) {
      await cluster.kill(...victims)
      let holder: string | undefined
      while (holder === undefined && !isOver()) {
        holder = await hintHolder()
        await beforeNextLook()
      }
      const holders = holder === undefined || victims.includes(holder) ? [] : [holder]
      await cluster.kill(...holders)
      await over
      // The holder first: what it kept has to be there before the owner is.
      await cluster.restart(...holders)
      await cluster.restart(...victims)
    },
  },
  {
    name: 'kill -9 a server',
    goesOn: 'writes and reads',
    choose: ({ servers }, random) => claimed(pickSome(servers, 1, random)),
    run: killUntilOver,
  },
  {
    name: 'kill -9 every process',
    goesOn: 'nothing',
    alone: true,
    choose: () => claimed(everybody),
    async run({ cluster, victims, pause, random }) {
      await cluster.kill(...victims)
      await pause(random.integer(0, 500))
      await cluster.restart(...victims)
    },
  },
  {
    name: 'SIGSTOP an agent',
    goesOn: 'writes and reads',
    choose: ({ agents }, random) => claimed(pickSome(agents, 1, random)),
    run: stopUntilOver,
  },
  {
    name: 'SIGSTOP a server',
    goesOn: 'writes and reads',
    choose: ({ servers }, random) => claimed(pickSome(servers, 1, random)),
    run: stopUntilOver,
  },
  {
    name: 'a full disk',
    goesOn: 'writes and reads',
    smallDisk: true,
    choose: ({ agents }) => (agents.includes(smallDiskAgent) ? claimed([smallDiskAgent]) : undefined),
    async run({ cluster, isOver, pause }) {
      const disk = cluster.smallDisk
      if (!(disk instanceof SmallDisk)) throw new Error(`there is no small disk: ${disk}`)
      try {
        // What is collected meanwhile makes room.
        do {
          disk.fill()
          await pause(refillMs)
        } while (!isOver())
      } finally {
        disk.makeRoom()
      }
    },
  },
]
