import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { clientCommands } from '@torc/client/commands/client-commands'
import type { Command } from '@torc/client/commands/command'
import { flagOf } from '@torc/client/config/option'
import { globalOptions } from '@torc/client/config/options'
import t from 'tap'
import { torcCommands } from 'torc/commands/torc-commands'
import { filesBelow, packageNames, readText, root } from './sources.js'

const commands: readonly Command[] = [...torcCommands, ...clientCommands]
const documents = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].filter(file => existsSync(join(root, file))),
  ...filesBelow('docs', '.md'),
  ...['packages', 'benchmarks', 'test'].flatMap(folder => filesBelow(folder, '.md')),
]

/** Texts under which secrets are derived: they look like commands. */
const labels = new Set(['root access key', 'root secret key'])

/** Invocations of `torc` in code: the words after it, up to where something else begins. */
function invocations(text: string): string[] {
  const code = [...text.matchAll(/```[^\n]*\n([\s\S]*?)```|`([^`\n]+)`/g)].map(
    match => match[1] ?? match[2] ?? '',
  )
  return code
    .flatMap(part => part.replace(/\\\n/g, ' ').split('\n'))
    .flatMap(
      line =>
        /^\s*(?:[$>]\s+)?(?:[A-Z_]+=\S+\s+)*(?:npx |node bin\/)?torc((?:\s+.*)?)$/.exec(line)?.[1] ?? [],
    )
    .map(rest => rest.split(/\s+[#|;·]|\s+&&|\s{3,}/)[0]?.trim() ?? '')
}

/** What is wrong with an invocation; undefined when the program knows it. */
function problem(invocation: string): string | undefined {
  const words = invocation.split(/\s+/).filter(word => word !== '')
  const [first, second] = words
  if (labels.has(invocation)) return undefined
  // Alone, only options, or a placeholder for any command.
  if (first === undefined || first.startsWith('-') || /^(?:…|\.\.\.|COMMAND)/.test(first)) return undefined
  const named = first.split('|').flatMap(name => {
    const two = second?.split('|').map(word => `${name} ${word}`) ?? []
    return commands.filter(command => command.name === name || two.includes(command.name))
  })
  const [command] = named
  if (command === undefined) return `there is no command ${[first, second].join(' ')}`
  const known = new Set(['help', 'version', 'h'])
  for (const table of [globalOptions, ...named.map(({ options }) => options)]) {
    for (const [name, option] of Object.entries(table)) {
      const flag = flagOf(name, option)
      if (flag !== undefined) known.add(flag).add(`no-${flag}`)
    }
  }
  const unknown = [...invocation.matchAll(/(?:^|[\s[])--([a-z][a-z0-9-]*)/g)].find(
    ([, flag]) => !known.has(flag ?? ''),
  )
  return unknown === undefined ? undefined : `${command.name} has no option --${unknown[1]}`
}

t.test('documents show only commands and options that exist', async t => {
  for (const document of documents) {
    const wrong = invocations(readText(document)).flatMap(line => {
      const found = problem(line)
      return found === undefined ? [] : [`torc ${line}: ${found}`]
    })
    t.strictSame(wrong, [], document)
  }
})

t.test('hints and examples name only commands that exist', async t => {
  for (const name of packageNames()) {
    const wrong = filesBelow(join('packages', name, 'src'), '.ts').flatMap(file =>
      [...readText(file).matchAll(/`torc ([a-z][^`$\\]*)\\?`/g)].flatMap(match => {
        const found = problem(match[1] ?? '')
        return found === undefined ? [] : [`${file}: torc ${match[1]}: ${found}`]
      }),
    )
    t.strictSame(wrong, [], name)
  }
  for (const { name, examples } of commands) {
    for (const { line } of examples) t.equal(problem(line), undefined, `example of ${name}: ${line}`)
  }
})

t.test('documents name only scripts of npm that exist', async t => {
  const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> }
  for (const document of documents) {
    const named = [...readText(document).matchAll(/\bnpm run (?:--silent )?([a-z][a-z:-]*)/g)].map(
      match => match[1] ?? '',
    )
    t.strictSame(
      named.filter(script => !(script in scripts)),
      [],
      document,
    )
  }
})

t.test('links between documents lead somewhere', async t => {
  for (const document of documents) {
    const links = [...readText(document).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(
      match => match[1] ?? '',
    )
    const broken = links.filter(
      link => !/^[a-z]+:/.test(link) && !existsSync(join(root, dirname(document), link)),
    )
    t.strictSame(broken, [], document)
  }
})
