import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root, from where this file is compiled to. */
export const root = fileURLToPath(new URL('../../../', import.meta.url))

const notSources = new Set(['node_modules', 'build', '.git', '.tap', 'torc-data'])

/** Files below a folder of the repository whose names end in one of `endings`, relative to the root, sorted. */
export function filesBelow(folder: string, ...endings: string[]): string[] {
  const found: string[] = []
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (!notSources.has(entry.name)) found.push(...filesBelow(path, ...endings))
    } else if (endings.some(ending => entry.name.endsWith(ending))) found.push(path)
  }
  return found.sort()
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

export function packageNames(): string[] {
  return readdirSync(join(root, 'packages')).sort()
}

/** The text of a source without its comments (strings and templates are kept whole). */
export function withoutComments(text: string): string {
  const token =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`|\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*(?=[\s.,;)\]:?])/g
  return text.replace(token, found => (/^\/[/*]/.test(found) ? ' ' : found))
}

export interface Import {
  readonly specifier: string
  /** `import type`, `export type … from`: gone after compiling. */
  readonly typeOnly: boolean
}

/** What a source imports: statically, by `import()`, or by `import.meta.resolve`. */
export function importsOf(path: string): Import[] {
  const text = withoutComments(readText(path))
  const found: Import[] = []
  for (const match of text.matchAll(
    /^\s*(?:import|export)(\s+type\b(?!\s*,|\s+from))?[^'"`;=]*?\bfrom\s*'([^']+)'/gm,
  )) {
    found.push({ specifier: match[2] ?? '', typeOnly: match[1] !== undefined || onlyTypes(match[0]) })
  }
  for (const match of text.matchAll(/^\s*import\s*'([^']+)'|\bimport(?:\.meta\.resolve)?\(\s*'([^']+)'/gm)) {
    found.push({ specifier: match[1] ?? match[2] ?? '', typeOnly: false })
  }
  return found
}

/** `import { type A, type B } from …` is gone after compiling as well. */
function onlyTypes(statement: string): boolean {
  const names = /\{([^}]*)\}/.exec(statement)?.[1]
  if (names === undefined || /import\s+\w+\s*,/.test(statement)) return false
  const listed = names
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
  return listed.length > 0 && listed.every(name => name.startsWith('type '))
}

/** The package of this repository that a specifier names: `client` for `@torc/client/connect`. */
export function packageOf(specifier: string): string | undefined {
  return /^@torc\/([^/]+)/.exec(specifier)?.[1] ?? /^(torc)(?:\/|$)/.exec(specifier)?.[1]
}

/** The source file that `specifier` names when `from` imports it; undefined outside the repository. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return join(dirname(from), specifier).replace(/\.js$/, '.ts')
  const name = packageOf(specifier)
  if (name === undefined) return undefined
  const module = specifier.replace(/^(@torc\/[^/]+|torc)\/?/, '')
  return join('packages', name, 'src', module === '' ? 'index.ts' : `${module}.ts`)
}

export function relativeToRoot(path: string): string {
  return relative(root, path)
}
