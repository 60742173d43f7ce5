import { type Command, defineCommand } from '@torc/client/commands/command'
import { startServer } from '@torc/server/start-server'
import { nodeOptions } from '../node/node-options.js'
import { runNode } from '../node/run-node.js'
import { parseSharedRoots } from '../node/shared-roots.js'
import { reachableAddress } from '../up/local-addresses.js'

export const serverCommand: Command = defineCommand({
  name: 'server',
  describe: 'Run a coordinator server',
  arguments: {},
  options: {
    ...nodeOptions,
    sharedRoot: {
      type: 'repeated',
      value: 'NAME=DIR',
      doc: 'Directory whose files the server may read and write for --shared transfers; may be repeated',
    },
  },
  examples: [
    {
      line: 'server --listen 10.0.0.1:7400 --join 10.0.0.2:7410 --cluster-secret-file secrets/cluster-secret.json',
      does: 'Run a server beside an agent that runs already',
    },
  ],
  only: 'cli',
  run: context =>
    runNode({
      context,
      options: context.options,
      kind: 'server',
      start: ({ secret, transport, listen, advertise, join, log }) =>
        startServer({
          secret,
          transport,
          listen,
          advertise,
          join,
          name: context.options.name ?? 'server',
          sharedRoots: parseSharedRoots(context.options.sharedRoot ?? [], context.directory),
          environment: context.environment,
          log,
        }),
      shellServer: reachableAddress,
    }),
})
