import { join } from 'node:path'
import t from 'tap'
import { filesBelow, packageNames, readText, withoutComments } from './sources.js'

/** What a simulated cluster replaces: whatever touches it without being injected can't be simulated. */
const outsideWorld: Readonly<Record<string, RegExp>> = {
  time: /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bprocess\.hrtime\b/,
  timers: /\bset(?:Timeout|Interval|Immediate)\b|'node:timers/,
  randomness: /\bMath\.random\b|\brandom(?:Bytes|UUID|Int|FillSync)\b|\bgetRandomValues\b/,
  files: /'(?:node:)?fs(?:\/promises)?'|'better-sqlite3'/,
  network: /\b(?:from|import)\s*\(?\s*'(?:node:)?(?:net|tls|http|https|dgram|dns)'/,
}

/** The only sources that may touch it, and why. */
const adapters: Readonly<Record<string, { readonly touches: readonly string[]; readonly why: string }>> = {
  'packages/protocol/src/environment/system.ts': {
    touches: ['time', 'timers', 'randomness'],
    why: 'the clock and the randomness that are injected everywhere',
  },
  'packages/protocol/src/transport/tcp.ts': {
    touches: ['network', 'files', 'timers'],
    why: 'the transport over sockets: TLS files, and the time that a connection may take',
  },
  'packages/protocol/src/transport/reception.ts': {
    touches: ['network'],
    why: 'a part of the transport over sockets: where their bytes go',
  },
  'packages/gateway/src/http/listener.ts': {
    touches: ['network'],
    why: 'the ports of the HTTP faces',
  },
  'packages/node-agent/src/disk/file-disk.ts': { touches: ['files'], why: 'the disk of an agent' },
  'packages/server/src/shared-path/disk-shared-files.ts': {
    touches: ['files'],
    why: 'the files of shared-path transfers',
  },
  'packages/node-agent/src/disk/memory-disk.ts': {
    touches: ['files'],
    why: 'SQLite in memory, for simulated agents',
  },
  'packages/client/src/config/private-file.ts': { touches: ['time'], why: 'names of temporary files' },
  'packages/client/src/files/atomic-file.ts': { touches: ['randomness'], why: 'names of temporary files' },
}

/** Programs that people start: they read and write the files that their arguments name. */
const filesAllowed = new Set(['client', 'torc'])

/** Types of the outside world do no harm. */
function codeOf(file: string): string {
  return withoutComments(readText(file)).replace(/^import type [^;]*?from '[^']+'/gm, '')
}

t.test('only adapters touch time, timers, randomness, files and the network', async t => {
  for (const name of packageNames()) {
    const wrong: string[] = []
    for (const file of filesBelow(join('packages', name, 'src'), '.ts')) {
      const text = codeOf(file)
      for (const [kind, pattern] of Object.entries(outsideWorld)) {
        if (kind === 'files' && filesAllowed.has(name)) continue
        const found = pattern.exec(text)
        if (found !== null && !adapters[file]?.touches.includes(kind))
          wrong.push(`${file}: ${found[0]} (${kind})`)
      }
    }
    t.strictSame(wrong, [], name)
  }
})

t.test('the list of adapters holds nothing that is not needed', async t => {
  const files = new Set(packageNames().flatMap(name => filesBelow(join('packages', name, 'src'), '.ts')))
  for (const [file, { touches }] of Object.entries(adapters)) {
    t.ok(files.has(file), `${file} exists`)
    if (!files.has(file)) continue
    const text = codeOf(file)
    for (const kind of touches) t.ok(outsideWorld[kind]?.test(text), `${file} touches ${kind}`)
  }
})
