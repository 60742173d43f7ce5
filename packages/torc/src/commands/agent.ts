import { resolve } from 'node:path'
import { type Command, defineCommand } from '@torc/client/commands/command'
import { TorcError } from '@torc/protocol/errors'
import { formatAddress } from '@torc/protocol/transport/transport'
import { diskBytes } from '../files/disk-bytes.js'
import { collectionOf, collectionOptions } from '../node/collection-options.js'
import { nodeOptions } from '../node/node-options.js'
import { runNode } from '../node/run-node.js'

export const agentCommand: Command = defineCommand({
  name: 'agent',
  describe: 'Run a storage agent',
  arguments: {},
  options: {
    data: { type: 'path', value: 'DIR', doc: 'Its data directory, which no other process uses' },
    ...nodeOptions,
    zone: {
      type: 'text',
      value: 'ZONE',
      doc: 'What fails together (a rack, a room): copies go to distinct zones',
    },
    capacity: {
      type: 'bytes',
      value: 'BYTES',
      min: 1,
      doc: 'Room that it offers, its weight in layouts; the size of its disk when absent',
    },
    scrubRate: {
      type: 'bytes',
      value: 'BYTES',
      min: 1024,
      doc: 'Bytes a second that it reads again to find damaged blocks; 8 MiB when absent',
    },
    hintBytes: {
      type: 'bytes',
      value: 'BYTES',
      min: 1024,
      doc: 'Bytes that it keeps in place of agents that are down, at most; a tenth of its capacity when absent',
    },
    hintRate: {
      type: 'bytes',
      value: 'BYTES',
      min: 1024,
      doc: 'Bytes a second that it gives back to each of them once it is there again; 32 MiB when absent',
    },
    ...collectionOptions,
  },
  examples: [
    {
      line: 'agent --data /srv/torc --listen 10.0.0.2:7410 --join 10.0.0.1:7400 --cluster-secret-file secrets/cluster-secret.json',
      does: 'Run an agent and join the cluster of the server 10.0.0.1',
    },
    { line: 'agent … --log-level debug', does: 'Log each item that is stored' },
  ],
  only: 'cli',
  run: context => {
    const { data, name, zone = '', capacity, scrubRate, hintBytes, hintRate, keepChanges } = context.options
    return runNode({
      context,
      options: context.options,
      kind: 'agent',
      start: async ({ secret, ...parts }) => {
        if (data === undefined) {
          throw new TorcError('CONFIG', '--data is missing', { hint: 'Say where to store: --data DIR.' })
        }
        const directory = resolve(context.directory, data)
        // Loaded by those who need it: each command would take twice as long to begin.
        const { startAgent } = await import('@torc/node-agent/agent')
        const agent = await startAgent({
          ...parts,
          ...secret,
          data: directory,
          name,
          zone,
          capacity: capacity ?? diskBytes(directory),
          scrub: { bytesPerSecond: scrubRate },
          hints: { bytesMax: hintBytes, bytesPerSecond: hintRate },
          collection: collectionOf(context.options),
          changesMax: keepChanges,
          environment: context.environment,
        })
        return { ...agent, address: formatAddress(agent.address) }
      },
      shellServer: () => context.settings.server[0] ?? '',
    })
  },
})
