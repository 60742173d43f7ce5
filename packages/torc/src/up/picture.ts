import { relative } from 'node:path'
import type { Colors } from '@torc/client/output/output'
import { serverName } from './local-cluster.js'

/** What runs, as the ready line tells it. */
export interface UpReady {
  readonly event: 'ready'
  readonly pid: number
  /** The first of the servers. */
  readonly server: string
  readonly serverPid: number
  /** `host:port` of all. */
  readonly servers: readonly string[]
  readonly serverPids: readonly number[]
  readonly agents: readonly {
    readonly id: string
    readonly address: string
    readonly pid: number
    readonly data: string
  }[]
  /** URLs of the REST and the S3 face. */
  readonly http?: string | undefined
  readonly s3?: string | undefined
  readonly credentials: string
}

export interface PictureOptions {
  readonly ready: UpReady
  /** The cluster's directory. */
  readonly data: string
  /** Paths are shown as seen from here. */
  readonly directory: string
  readonly profile: string
  /** Whether the REPL follows in the same terminal. */
  readonly shell: boolean
  readonly colors: Colors
}

/** What `torc up` shows to people: what runs, where things are, what to type next. */
export function upPicture({ ready, data, directory, profile, shell, colors }: PictureOptions): string {
  const { bold, dim, green, cyan } = colors
  const near = (path: string): string => {
    const short = relative(directory, path)
    return short === '' ? '.' : short.startsWith('..') ? path : short
  }
  const rows = [
    ...ready.servers.map((address, index) => [
      ...[serverName(index), address, `process ${ready.serverPids[index]}`, ''],
    ]),
    ...ready.agents.map(agent => [agent.id, agent.address, `process ${agent.pid}`, near(agent.data)]),
  ]
  const widths = [0, 1, 2].map(column => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  const table = rows.map(row => {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0))
    return `  ${green('●')} ${cells.join('  ').trimEnd()}`
  })
  const faces = [
    ...(ready.http === undefined
      ? []
      : [`  ${dim('REST, files')}   ${ready.http} ${dim('(browse /files/)')}`]),
    ...(ready.s3 === undefined ? [] : [`  ${dim('S3')}            ${ready.s3}`]),
  ]
  const lines = [
    bold(`Torc runs: ${serversText(ready.servers.length)} and ${agentsText(ready.agents.length)}.`),
    '',
    ...table,
    '',
    ...faces,
    `  ${dim('data, logs')}    ${near(data)}, ${near(`${data}/logs`)}`,
    `  ${dim('credentials')}   ${near(ready.credentials)} ${dim(`(profile ${profile}, used when none is named)`)}`,
    '',
  ]
  if (shell) return lines.join('\n')
  return [
    ...lines,
    'From a second terminal, in this folder:',
    '',
    `  ${cyan('npx torc mb photos')}                       ${dim('make a bucket')}`,
    `  ${cyan('npx torc put photos/readme README.md')}     ${dim('store a file')}`,
    `  ${cyan('npx torc get photos/readme -')}             ${dim('read it back')}`,
    `  ${cyan('npx torc ls photos')}                       ${dim('list what is there')}`,
    `  ${cyan('npx torc status')}                          ${dim('see the cluster')}`,
    `  ${cyan('npm run client')}                           ${dim('or all of it in a shell')}`,
    '',
    dim('Ctrl-C stops the cluster; what is stored stays.'),
  ].join('\n')
}

function serversText(count: number): string {
  return count === 1 ? 'a server' : `${count} servers`
}

function agentsText(count: number): string {
  return count === 1 ? '1 agent' : `${count} agents`
}
