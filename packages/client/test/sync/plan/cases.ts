import { fileCases } from './file-cases.js'
import { folderCases } from './folder-cases.js'
import type { WorldText } from './world-text.js'

/** What happened, how the three trees are then, and what is done about it. */
export interface Case extends WorldText {
  readonly group: string
  readonly name: string
  readonly steps: readonly string[]
}

export const cases: readonly Case[] = [...parse(fileCases), ...parse(folderCases)]

/**
 * Reads lines of: what happened; here; in the store; synced. Below each what is done, in this order, and what is refused.
 * A line that is not indented begins a group.
 */
function parse(text: string): Case[] {
  const found: (Case & { steps: string[] })[] = []
  let group = ''
  for (const line of text.split('\n').filter(line => line !== '')) {
    const indent = line.length - line.trimStart().length
    if (indent === 0) group = line
    else if (indent > 2) found.at(-1)?.steps.push(line.trim())
    else {
      const [name = '', ...sides] = line.split('  ;  ').map(part => part.trim())
      const [here = '', store = '', synced = ''] = sides.map(side => (side === '-' ? '' : side))
      found.push({ group, name, here, store, synced, steps: [] })
    }
  }
  return found
}
