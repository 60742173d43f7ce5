import { resolve } from 'node:path'
import { type Command, type CommandContext, defineCommand } from '@torc/client/commands/command'
import { writeCredentials } from '@torc/client/config/credentials'
import type { OptionsOf } from '@torc/client/config/option'
import { defineOptions } from '@torc/client/config/options'
import { defaultProfile, writeProfile } from '@torc/client/config/profiles'
import { connect } from '@torc/client/connect'
import { deriveRootKey } from '@torc/protocol/handshake/root-key'
import { collectionArguments, collectionOptions } from '../node/collection-options.js'
import { logLevels } from '../node/node-options.js'
import { parseSharedRoots } from '../node/shared-roots.js'
import { openShell } from '../shell/open-shell.js'
import { agentCountMax, type ClusterDirectory, openClusterDirectory } from '../up/cluster-directory.js'
import { describeEvent } from '../up/describe-event.js'
import { localAddresses, serverCountMax } from '../up/local-addresses.js'
import { LocalCluster } from '../up/local-cluster.js'
import { type UpReady, upPicture } from '../up/picture.js'
import { settleLayout } from '../up/settle-layout.js'
import { stopSignal } from '../up/stop-signal.js'

const options = defineOptions({
  data: {
    type: 'path',
    default: './torc-data',
    value: 'DIR',
    doc: 'Where everything of the cluster is kept',
  },
  agents: {
    type: 'integer',
    min: 1,
    max: agentCountMax,
    value: 'N',
    doc: 'Number of agents (3 for a new cluster; more at a later start wait for a place in the layout)',
  },
  servers: {
    type: 'integer',
    default: 1,
    min: 1,
    max: serverCountMax,
    value: 'N',
    doc: 'Number of servers; clients use all of them and go on when one fails',
  },
  host: { type: 'text', default: '127.0.0.1', value: 'HOST', doc: 'Address of this machine to listen at' },
  port: {
    type: 'integer',
    default: 7400,
    max: 65_000,
    value: 'PORT',
    doc: 'Port of the first server; others listen at PORT + 1, …, agents at PORT + 10, + 11, …; 0 = the system chooses all',
  },
  httpPort: {
    type: 'integer',
    max: 65_535,
    value: 'PORT',
    doc: 'Port of the REST face of the first server; that of --port + 80 (7480) when absent; 0 = the system chooses',
  },
  s3Port: {
    type: 'integer',
    max: 65_535,
    value: 'PORT',
    doc: 'Port of its S3 face; that of --port + 90 (7490) when absent; 0 = the system chooses',
  },
  sharedRoot: {
    type: 'repeated',
    value: 'NAME=DIR',
    doc: 'Directory whose files the server may read and write for --shared transfers; may be repeated',
  },
  ...collectionOptions,
  shell: { type: 'boolean', doc: 'Open the REPL in this terminal; leaving it stops the cluster' },
  logLevel: {
    type: 'text',
    default: 'info',
    choices: logLevels,
    doc: 'How much the processes log, in DATA/logs',
  },
})

/** Distances from the first server's port: two clusters with ports of their own are not in each other's way. */
const httpPortOffset = 80
const s3PortOffset = 90

type UpContext = CommandContext<Record<never, never>, typeof options>

export const upCommand: Command = defineCommand({
  name: 'up',
  describe: 'Run a cluster on this machine: servers and agents, each a process',
  arguments: {},
  options,
  examples: [
    {
      line: 'up',
      does: 'A server at 127.0.0.1:7400 with REST at 7480 and S3 at 7490, and three agents, data in ./torc-data',
    },
    { line: 'up --servers 2', does: 'Two servers, at 127.0.0.1:7400 and 7401' },
    { line: 'up --data /tmp/try --agents 5 --port 0', does: 'Five agents, all ports chosen by the system' },
    {
      line: 'up --shared-root media=/srv/media',
      does: 'Let the server read and write files below /srv/media',
    },
  ],
  only: 'cli',
  run: async context => {
    const directory = await openClusterDirectory(
      resolve(context.directory, context.options.data),
      context.options.agents,
      context.environment.random,
    )
    try {
      return await runCluster(context, directory)
    } finally {
      await directory.close()
    }
  },
})

async function runCluster(context: UpContext, directory: ClusterDirectory): Promise<number> {
  const { output, environment, options } = context
  const stop = stopSignal(context.signal)
  const cluster = new LocalCluster({
    directory,
    addresses: localAddresses(options.host, options.port, {
      servers: options.servers,
      agents: directory.agentCount,
    }),
    sharedRoots: sharedRootsOf(options, context.directory),
    httpPort: options.httpPort ?? (options.port === 0 ? 0 : options.port + httpPortOffset),
    s3Port: options.s3Port ?? (options.port === 0 ? 0 : options.port + s3PortOffset),
    agentArguments: collectionArguments(options),
    logLevel: options.logLevel,
    variables: context.variables,
    clock: environment.clock,
    onEvent: event => {
      if (output.json) output.record(event)
      else if (!options.shell) output.note(describeEvent(event))
    },
  })
  try {
    output.note(`Starting a cluster in ${directory.path} …`)
    const ready = await start(context, directory, cluster, stop.signal)
    if (output.json) output.record(ready)
    else {
      const { shell } = options
      const { colors } = output
      output.line(
        upPicture({
          ready,
          data: directory.path,
          directory: context.directory,
          profile: defaultProfile,
          shell,
          colors,
        }),
      )
    }
    if (options.shell)
      return await openShell(context, { servers: ready.servers, secret: directory.secret.secret })
    await stop.stopped
    return 0
  } catch (thrown) {
    // Ctrl-C during the start is a stop like any other.
    if (stop.signal.aborted) return 0
    throw thrown
  } finally {
    stop.dispose()
    if (output.json) output.record({ event: 'stopping' })
    else output.note('Stopping …')
    await cluster.stop()
    if (output.json) output.record({ event: 'stopped' })
  }
}

/** From nothing to a cluster that takes requests. */
async function start(
  context: UpContext,
  directory: ClusterDirectory,
  cluster: LocalCluster,
  signal: AbortSignal,
): Promise<UpReady> {
  const { clock } = context.environment
  const rootKey = deriveRootKey(directory.secret.secret)
  writeCredentials(directory.credentialsFile, rootKey)
  await untilAborted(cluster.start(), signal)
  const servers = cluster.serverAddresses
  // One by one: what is ready can be used through each of them.
  for (const server of servers) {
    const { environment } = context
    const store = await connect({ servers: [server], credentials: rootKey, environment, signal })
    try {
      await settleLayout(store, directory.agentCount, clock, signal)
    } finally {
      await store.close()
    }
  }
  const { http, s3 } = cluster.servers[0]?.node ?? {}
  writeProfile(
    defaultProfile,
    { server: servers.join(','), credentials: directory.credentialsFile, s3 },
    context.variables,
  )
  const serverPids = cluster.servers.map(({ node }) => node?.pid ?? 0)
  return {
    event: 'ready',
    pid: process.pid,
    server: servers[0] ?? '',
    serverPid: serverPids[0] ?? 0,
    servers,
    serverPids,
    agents: cluster.agents.map(({ name, node }) => ({
      id: node?.id ?? '',
      address: node?.address ?? '',
      pid: node?.pid ?? 0,
      data: directory.dataOf(name),
    })),
    ...{ http, s3, credentials: directory.credentialsFile },
  }
}

function sharedRootsOf({ sharedRoot }: OptionsOf<typeof options>, base: string): string[] {
  return parseSharedRoots(sharedRoot ?? [], base).map(({ name, directory }) => `${name}=${directory}`)
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
