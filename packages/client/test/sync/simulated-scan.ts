import type { OnStep } from '../../src/sync/local/change-steps.js'
import type { IgnoreRules } from '../../src/sync/local/ignore-rules.js'
import { linkLeads, linkStaysInside } from '../../src/sync/local/link-target.js'
import { pathOf } from '../../src/sync/local/paths.js'
import type { Refusal, Scan, ScanOptions } from '../../src/sync/ports/local-folder.js'
import { type LocalEntry, parentOf } from '../../src/sync/trees/entry.js'
import { contentOf, fingerprintOf, type Node, type SimulatedTree } from './simulated-tree.js'

export interface ScanSource {
  readonly tree: SimulatedTree
  readonly rules: IgnoreRules
  readonly links: 'store' | 'skip'
  /** Paths that may not be read. */
  readonly denied: ReadonlySet<string>
  readonly onStep: OnStep
}

/** What is at the paths and below; '' is all. */
export function scanTree(
  { tree, rules, links, denied, onStep }: ScanSource,
  paths: readonly string[],
  { known, onProgress }: ScanOptions,
): Scan {
  const entries = new Map<string, LocalEntry>()
  const refused = new Map<string, Refusal>()
  const unstable: string[] = []

  const refuse = (name: string): void => {
    refused.set(name, { name, reason: 'it may not be read', hint: 'Change its permissions.' })
  }

  const linkRefusal = (name: string, { bytes }: Node): Refusal | undefined => {
    if (links === 'skip') return { name, reason: 'links are skipped', silent: true }
    return linkStaysInside(name, Buffer.from(bytes).toString()) ? undefined : { name, ...linkLeads }
  }

  const entryOf = (path: string, name: string, node: Node): LocalEntry | undefined => {
    const fingerprint = fingerprintOf(node)
    const before = known(name)
    if (before?.fingerprint === fingerprint)
      return { content: before.content, mtimeMs: node.mtimeMs, fingerprint }
    if (node.kind === 'file') onStep('look', name)
    const after = tree.get(path)
    if (after === undefined) return undefined
    if (fingerprintOf(after) === fingerprint)
      return { content: contentOf(node), mtimeMs: node.mtimeMs, fingerprint }
    unstable.push(name)
    return undefined
  }

  const look = (path: string): void => {
    const node = tree.get(path)
    if (node === undefined) return
    const name = tree.nameOf(path)
    if (rules.ignores(name)) return
    if (denied.has(path)) {
      refuse(name)
      return
    }
    const refusal = node.kind === 'link' ? linkRefusal(name, node) : undefined
    if (refusal !== undefined) {
      refused.set(name, refusal)
      return
    }
    const entry = entryOf(path, name, node)
    if (entry === undefined) return
    entries.set(name, entry)
    onProgress?.(entries.size, entry.content.size)
    if (node.kind === 'folder') children(path)
  }

  const children = (folder: string): void => {
    for (const path of tree.below(folder)) if (pathOf(parentOf(path) ?? '') === folder) look(path)
  }

  /** A folder above that may not be read is told in place of the path. */
  const deniedAbove = (path: string): string | undefined => {
    for (let above = parentOf(path); above !== undefined; above = parentOf(above)) {
      if (denied.has(pathOf(above))) return above
    }
    return undefined
  }

  for (const path of paths) {
    const above = deniedAbove(path)
    if (above !== undefined) refuse(above)
    else if (path === '') children('')
    else look(path)
  }
  return { entries, refused: Array.from(refused.values()), unstable }
}
