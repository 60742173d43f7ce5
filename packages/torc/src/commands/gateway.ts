import { connect, connectGateway } from '@torc/client'
import { type Command, defineCommand } from '@torc/client/commands/command'
import { tlsFilesOf } from '@torc/client/connect'
import { RemoteAccounts } from '@torc/gateway/accounts/remote-accounts'
import { TorcError } from '@torc/protocol/errors'
import { formatAddress } from '@torc/protocol/transport/transport'
import { gatewayOptions } from '../node/gateway-options.js'
import { nodeOptions } from '../node/node-options.js'
import { openGateway } from '../node/open-gateway.js'
import { runNode, type StartedNode } from '../node/run-node.js'

const { join, name, advertise, clusterSecretFile, logLevel } = nodeOptions

export const gatewayCommand: Command = defineCommand({
  name: 'gateway',
  describe: 'Run a gateway that stands alone: REST and S3 in front of servers elsewhere',
  arguments: {},
  options: {
    join: { ...join, doc: 'Servers of the cluster; requests are spread over all that answer' },
    host: { type: 'text', default: '127.0.0.1', value: 'HOST', doc: 'Address of this machine to listen at' },
    ...gatewayOptions,
    advertise: {
      ...advertise,
      doc: 'Address under which clients reach its REST face (its S3 face by the same host), where it differs: for what it tells',
    },
    ...{ name, clusterSecretFile, logLevel },
  },
  examples: [
    {
      line: 'gateway --join 10.0.0.1:7400,10.0.0.2:7400 --host 0.0.0.0 --http-port 7480 --s3-port 7490 --cluster-secret-file secrets/cluster-secret.json',
      does: 'Serve REST and S3 for the cluster of two servers',
    },
    {
      line: 'gateway --join 10.0.0.1:7400 --s3-port 7490 --https-cert cert.pem --https-key key.pem --cluster-secret-file secrets/cluster-secret.json',
      does: 'Serve S3 alone, over HTTPS',
    },
  ],
  only: 'cli',
  run: context => {
    const { options, settings, environment } = context
    const servers = options.join ?? []
    return runNode({
      context,
      // It listens for HTTP alone; no node of the cluster comes to it.
      options: {
        ...options,
        listen: formatAddress({ host: options.host, port: 0 }),
        shell: false,
      },
      kind: 'gateway',
      start: async ({ secret, transport, listen, advertise, log }): Promise<StartedNode> => {
        if (servers.length === 0) {
          throw new TorcError('CONFIG', '--join is missing', {
            hint: 'Name the servers: --join HOST:PORT[,…].',
          })
        }
        const nodeName = options.name ?? 'gateway'
        const id = `${nodeName}-${Buffer.from(environment.random.bytes(4)).toString('hex')}`
        const reach = { servers, transport, environment, tls: tlsFilesOf(settings) }
        const cluster = await connectGateway({ ...reach, secret, id, name: nodeName })
        const accounts = new RemoteAccounts({
          cluster,
          connect: (accessKey, secretKey) => connect({ ...reach, credentials: { accessKey, secretKey } }),
          clock: environment.clock,
          log,
        })
        const end = async (): Promise<void> => {
          await accounts.close()
          await cluster.close()
        }
        try {
          const gateway = await openGateway({
            ...{
              options,
              host: listen.host,
              advertise,
              accounts,
              version: context.version,
              environment,
              log,
            },
            status: call => cluster.store.status(call),
          })
          if (gateway === undefined) {
            throw new TorcError('CONFIG', 'a gateway without a port serves nobody', {
              hint: 'Name one or both: --http-port PORT --s3-port PORT.',
            })
          }
          return started(id, gateway, end)
        } catch (thrown) {
          await end()
          throw thrown
        }
      },
      shellServer: () => servers[0] ?? '',
    })
  },
})

interface OpenedFaces {
  readonly http: string | undefined
  readonly s3: string | undefined
  close(): Promise<void>
}

/** The faces end first: what they have under way still needs the servers. */
function started(id: string, gateway: OpenedFaces, end: () => Promise<void>): StartedNode {
  const { http, s3 } = gateway
  let onClosed = (): void => {}
  const closed = new Promise<void>(resolve => {
    onClosed = resolve
  })
  return {
    ...{ id, address: new URL(http ?? s3 ?? '').host, http, s3, closed },
    async close() {
      await gateway.close()
      await end()
      onClosed()
    },
  }
}
