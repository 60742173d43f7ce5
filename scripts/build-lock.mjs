import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'

const pollMs = 100
/** A holder says that it lives by touching its lock: process ids are used again, after a restart for one. */
const touchMs = 5_000
const silentMsMax = 300_000

/**
 * Runs `work` while no other process holds the lock file at `path`. A lock whose process is gone is taken
 * over. `onWait` is called once when there is somebody to wait for.
 */
export async function withLock(path, onWait, work) {
  mkdirSync(dirname(path), { recursive: true })
  let waited = false
  while (!take(path)) {
    if (!waited) onWait()
    waited = true
    await new Promise(resolve => setTimeout(resolve, pollMs))
  }
  const touching = setInterval(() => touch(path), touchMs)
  touching.unref()
  try {
    return await work()
  } finally {
    clearInterval(touching)
    rmSync(path, { force: true })
  }
}

function take(path) {
  // The file appears complete or not at all: written aside, then linked to its name.
  const mine = `${path}.${process.pid}`
  writeFileSync(mine, String(process.pid))
  try {
    linkSync(mine, path)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  } finally {
    rmSync(mine, { force: true })
  }
  removeIfDead(path)
  return false
}

function touch(path) {
  try {
    utimesSync(path, new Date(), new Date())
  } catch (error) {
    // A waiter has it aside for a moment, or someone removed the folder: the work goes on.
    if (error.code !== 'ENOENT') throw error
  }
}

function removeIfDead(path) {
  const holder = readHolder(path)
  if (holder === undefined || holder.alive) return
  // Another waiter may have removed the dead lock and taken a new one since it was read: move it away
  // first, look again, and give a living one back.
  const aside = `${path}.dead.${process.pid}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  if (readHolder(aside)?.alive) linkSync(aside, path)
  rmSync(aside, { force: true })
}

function readHolder(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    return { alive: isAlive(pid) && Date.now() - statSync(path).mtimeMs < silentMsMax }
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function isAlive(pid) {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
