import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Folders that hold no sources of this project. */
const skipped = new Set(['node_modules', 'build', '.git', '.tap'])

/** Every file below `folder` whose name ends in `ending`, as paths that begin with `folder`; none when it is absent. */
export function filesBelow(folder, ending, skip = skipped) {
  const found = []
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (!skip.has(entry.name)) found.push(...filesBelow(path, ending, skip))
    } else if (entry.name.endsWith(ending)) found.push(path)
  }
  return found
}

function entriesOf(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  }
}
