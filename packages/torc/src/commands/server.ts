import { type Command, defineCommand } from '@torc/client/commands/command'
import type { RunningServer } from '@torc/server/start-server'
import { gatewayOptions } from '../node/gateway-options.js'
import { nodeOptions } from '../node/node-options.js'
import { type OpenedGateway, openGateway } from '../node/open-gateway.js'
import { runNode, type StartedNode } from '../node/run-node.js'
import { parseSharedRoots } from '../node/shared-roots.js'
import { reachableAddress } from '../up/local-addresses.js'

export const serverCommand: Command = defineCommand({
  name: 'server',
  describe: 'Run a coordinator server',
  arguments: {},
  options: {
    ...nodeOptions,
    ...gatewayOptions,
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
    {
      line: 'server --listen 10.0.0.1:7400 --join 10.0.0.2:7410 --cluster-secret-file secrets/cluster-secret.json --http-port 7480 --s3-port 7490',
      does: 'The same, with the REST and S3 faces in its process',
    },
  ],
  only: 'cli',
  run: context =>
    runNode({
      context,
      options: context.options,
      kind: 'server',
      start: async ({ secret, transport, listen, advertise, join, log }) => {
        // Loaded by those who need it: each command would take twice as long to begin.
        const { startServer } = await import('@torc/server/start-server')
        const server = await startServer({
          secret,
          transport,
          listen,
          advertise,
          join,
          name: context.options.name ?? 'server',
          sharedRoots: parseSharedRoots(context.options.sharedRoot ?? [], context.directory),
          environment: context.environment,
          log,
        })
        try {
          const { ServerAccounts } = await import('@torc/gateway/accounts/server-accounts')
          const gateway = await openGateway({
            ...{ host: listen.host, accounts: new ServerAccounts(server), log },
            ...{ options: context.options, version: context.version, environment: context.environment },
            status: options => server.store.status(options),
          })
          return gateway === undefined ? server : withGateway(server, gateway)
        } catch (thrown) {
          await server.close()
          throw thrown
        }
      },
      shellServer: reachableAddress,
    }),
})

/** The faces end first: what they have under way is still answered by the server. */
function withGateway(server: RunningServer, gateway: OpenedGateway): StartedNode {
  const { http, s3 } = gateway
  const { id, address, closed } = server
  return {
    ...{ id, address, closed, http, s3 },
    async close() {
      await gateway.close()
      await server.close()
    },
  }
}
