import { mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readJsonFile, writePrivateFile } from '@torc/client/config/private-file'
import { isDiskFile } from '@torc/node-agent/disk/disk'
import { FileDisk } from '@torc/node-agent/disk/file-disk'
import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import { type ClusterSecret, makeClusterSecret, readClusterSecret } from '../files/cluster-secret.js'

const manifestFile = 'cluster.json'
const secretFile = 'cluster-secret.json'
const format = 1

export const agentCountDefault = 3
/** A cluster on one machine is for trying and testing. */
export const agentCountMax = 32

/** The directory of a cluster that `torc up` runs: `cluster.json`, secrets, `logs/`, `agent-1/` … */
export interface ClusterDirectory {
  readonly path: string
  readonly agentCount: number
  readonly secret: ClusterSecret
  readonly secretFile: string
  readonly credentialsFile: string
  logFile(process: string): string
  dataOf(agent: string): string
  /** Lets another process have it. */
  close(): Promise<void>
}

/**
 * Opens the directory for this process alone, or makes a new one with `agents` agents (3 when undefined); one of fewer
 * agents gets more. DATA_DIRECTORY when another process has it or it is something else; CONFIG when it has more agents
 * than asked for.
 */
export async function openClusterDirectory(
  directory: string,
  agents: number | undefined,
  random: Random,
): Promise<ClusterDirectory> {
  const path = resolve(directory)
  const disk = await FileDisk.open(path)
  try {
    // Looked at before anything is written: a directory of something else stays as it is.
    refuseForeign(path)
    await lock(disk)
    const { agentCount, secret } = openOrMake(path, agents, random)
    mkdirSync(join(path, 'logs'), { recursive: true, mode: 0o700 })
    return {
      path,
      agentCount,
      secret,
      secretFile: join(path, secretFile),
      credentialsFile: join(path, 'credentials.json'),
      logFile: process => join(path, 'logs', `${process}.log`),
      dataOf: agent => join(path, agent),
      close: () => disk.close(),
    }
  } catch (thrown) {
    await disk.close()
    throw thrown
  }
}

async function lock(disk: FileDisk): Promise<void> {
  try {
    await disk.lock()
  } catch (thrown) {
    const error = TorcError.from(thrown)
    throw new TorcError(error.code, error.message, {
      cause: thrown,
      hint: 'Is `torc up` running with this directory already? Stop it, or name another with --data DIR.',
    })
  }
}

function refuseForeign(path: string): void {
  const names = readdirSync(path).filter(name => !isDiskFile(name))
  // The manifest is written last: a start that broke off before it leaves the secret alone.
  if (names.includes(manifestFile) || names.every(name => name === secretFile)) return
  throw new TorcError('DATA_DIRECTORY', `${path} is not empty and holds no cluster`, {
    hint: 'Name an empty or a new directory with --data DIR.',
  })
}

function openOrMake(
  path: string,
  agents: number | undefined,
  random: Random,
): { agentCount: number; secret: ClusterSecret } {
  const manifest = readJsonFile(join(path, manifestFile), { ownerOnly: false })
  const found = readClusterSecret(join(path, secretFile))
  if (manifest === undefined) {
    const agentCount = agents ?? agentCountDefault
    const secret = found ?? makeClusterSecret(join(path, secretFile), random)
    writeManifest(path, agentCount)
    return { agentCount, secret }
  }
  const agentCount = checkManifest(path, manifest)
  if (agents !== undefined && agents < agentCount) {
    throw new TorcError('CONFIG', `${path} holds a cluster of ${agentCount} agents, not of ${agents}`, {
      hint: `Start it with --agents ${agentCount} (or without --agents), or name a new directory with --data DIR.`,
    })
  }
  if (found === undefined) {
    throw new TorcError('DATA_DIRECTORY', `${path} has lost its ${secretFile}`, {
      hint: 'Restore it from a backup of the directory: without it the agents can not be started.',
    })
  }
  // More agents have no place in the layout until somebody gives them one.
  if (agents !== undefined && agents > agentCount) writeManifest(path, agents)
  return { agentCount: agents ?? agentCount, secret: found }
}

function writeManifest(path: string, agents: number): void {
  writePrivateFile(join(path, manifestFile), `${JSON.stringify({ format, agents })}\n`)
}

function checkManifest(path: string, manifest: Record<string, unknown>): number {
  const { format: written, agents } = manifest
  if (typeof written === 'number' && written > format) {
    throw new TorcError(
      'DATA_DIRECTORY',
      `${path} was written by a newer version of Torc (format ${written})`,
      {
        hint: 'Start it with that version or a newer one.',
      },
    )
  }
  if (written !== format || typeof agents !== 'number' || !Number.isSafeInteger(agents) || agents < 1) {
    throw new TorcError('DATA_DIRECTORY', `${join(path, manifestFile)} is damaged`, {
      hint: `It holds {"format":${format},"agents":N}: write it again with the number of agent- folders beside it.`,
    })
  }
  return agents
}
