import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { filled, run } from '../doubles/run.js'
import { TestIo } from '../doubles/test-io.js'

t.test('a script stops at the first failure and returns its status', async t => {
  const store = await filled({ 'b/a': 'hello' })
  const ok = await run(['shell', '-c', "mb photos; post b --text 'two words'\nget b/a"], { store })
  t.equal(ok.code, 0)
  t.match(ok.out, /hello$/)
  const failed = await run(['shell', '-c', 'get b/none; mb never'], { store })
  t.equal(failed.code, 3)
  t.equal(store.held.has('never'), false)
  t.equal((await run(['shell', '-c', 'nonsense'], { store })).code, 2)
  t.equal((await run(['shell', '-c', "get 'b/a"], { store })).code, 2, 'an open quote')
})

t.test('scripts come from a file or a pipe, quotes may span lines', async t => {
  const store = await filled({ 'b/a': 'hello' })
  const directory = t.testdir({
    script: '# a comment\n\npost b --text "two\nlines"\nls b/a --recursive\n',
  })
  const file = await run(['shell', '-f', 'script'], { store, directory })
  t.equal(file.code, 0)
  t.match(file.out, 'a\t5\t')
  const texts = await Promise.all(
    [...(store.held.get('b')?.keys() ?? [])].map(async key => (await store.get('b', key)).text()),
  )
  t.ok(texts.includes('two\nlines'))
  const piped = await run(['shell'], { store, input: 'cd b\nget a\nexit\nget none\n' })
  t.same([piped.code, piped.out], [0, 'hello'])
  t.equal((await run(['shell', '-f', 'none'], { store, directory })).code, 3)
  t.equal((await run(['shell'], { store, input: 'put b/x' })).code, 2, 'standard input belongs to the shell')
})

t.test('cd, pwd, lcd and names relative to them', async t => {
  const store = await filled({ 'photos/2026/a': 'a', 'photos/2026/b': 'b', 'logs/x': 'x' })
  const directory = t.testdir({ sub: { file: 'content' } })
  const script = [
    'cd photos/2026',
    'pwd',
    'ls',
    'get a',
    'cd ..',
    'ls',
    'get /logs/x',
    'lcd sub',
    'put new file',
    'cd',
    'ls',
  ].join('\n')
  const { code, out, err } = await run(['shell', '-c', script], { store, directory })
  t.equal(err, '')
  t.equal(code, 0)
  t.match(out, `remote\t/photos/2026/\nlocal\t${directory}\n2026/a\t1\t`)
  t.match(out, '\na2026/\nxphotos/new')
  t.match(out, 'logs\t2026')
  t.equal(await (await store.get('photos', 'new')).text(), 'content')
  t.equal((await run(['shell', '-c', 'cd none'], { store })).code, 3)
  t.equal((await run(['shell', '-c', 'lcd /no/such'], { store })).code, 3)
})

t.test('help, --json on one command, and local commands', async t => {
  const store = await filled({ 'b/a': 'hello' })
  const help = await run(['shell', '-c', 'help'], { store })
  t.match(help.out, 'put BUCKET/KEY')
  t.match(help.out, 'cd [BUCKET[/PREFIX]]')
  t.notMatch(help.out, 'completion')
  t.match((await run(['shell', '-c', 'help layout show'], { store })).out, 'Usage: layout show')
  t.match((await run(['shell', '-c', 'put --help'], { store })).out, 'Usage: put BUCKET/KEY')
  const json = await run(['shell', '-c', 'ls b --json'], { store })
  t.match(json.io.records[0], { key: 'a' })
  const directory = t.testdir({})
  t.equal((await run(['shell', '-c', '!echo hi > made'], { store, directory })).code, 0)
  t.equal(readFileSync(join(directory, 'made'), 'utf8'), 'hi\n')
  t.equal((await run(['shell', '-c', '!echo seen'], { store })).out, 'seen\n')
  t.equal((await run(['shell', '-c', '!exit 7'], { store })).code, 7)
})

/** A shell at a pretended terminal: what is typed, and a way to wait for what it shows. */
class Dialogue {
  readonly io: TestIo
  readonly ended: Promise<number>
  readonly #seen = { stdout: 0, stderr: 0 }

  constructor(store: Awaited<ReturnType<typeof filled>>, config: string) {
    this.io = new TestIo({ terminal: true, variables: { TORC_CONFIG_DIR: config, TERM: 'xterm' } })
    this.ended = run(['shell'], { store, io: this.io }).then(({ code }) => code)
  }

  type(text: string): void {
    this.io.stdin.write(text)
  }

  /** Waits until `wanted` appears behind what was seen before. */
  async shows(wanted: string): Promise<void> {
    for (;;) {
      for (const stream of ['stdout', 'stderr'] as const) {
        const at = this.io[stream].text.indexOf(wanted, this.#seen[stream])
        if (at >= 0) {
          this.#seen[stream] = at + wanted.length
          return
        }
      }
      await new Promise(resolve => setImmediate(resolve))
    }
  }
}

t.test('a dialogue: prompt, completion, history, Ctrl-C, Ctrl-D', async t => {
  const store = await filled({ 'photos/sea side.jpg': 'sea', 'photos/hill.jpg': 'hill' })
  const config = t.testdir({})
  const dialogue = new Dialogue(store, config)
  await dialogue.shows('torc> ')
  dialogue.type('cd pho\t')
  await dialogue.shows('cd photos/')
  dialogue.type('\n')
  await dialogue.shows('torc photos/> ')
  dialogue.type('get h\t')
  await dialogue.shows('get hill.jpg ')
  dialogue.type('\n')
  await dialogue.shows('hill\n')
  await dialogue.shows('torc photos/> ')
  dialogue.type('get s\t')
  await dialogue.shows('sea\\ side.jpg ')
  dialogue.type('\n')
  await dialogue.shows('sea\n')
  await dialogue.shows('torc photos/> ')
  dialogue.type('nonsense')
  dialogue.type('\u0003')
  await dialogue.shows('^C')
  dialogue.type('\u0003')
  await dialogue.shows('Ctrl-D or exit leaves')
  dialogue.type('bad command\n')
  await dialogue.shows('there is no command "bad"')
  await dialogue.shows('torc photos/> ')
  dialogue.type('\u0004')
  t.equal(await dialogue.ended, 0)
  const history = join(config, 'history')
  t.equal(statSync(history).mode & 0o777, 0o600)
  const lines = ['cd photos/', 'get hill.jpg ', 'get sea\\ side.jpg ', 'bad command', '']
  t.same(readFileSync(history, 'utf8').split('\n'), lines)
})

t.test('Ctrl-C cancels a transfer and keeps the prompt', async t => {
  const store = await filled({ 'b/a': 'text' })
  const begun = new Promise<void>(resolve => {
    store.head = (_bucket, _key, options) =>
      new Promise((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => reject(options.signal?.reason))
        resolve()
      })
  })
  const dialogue = new Dialogue(store, t.testdir({}))
  await dialogue.shows('torc> ')
  dialogue.type('head b/a\n')
  await begun
  dialogue.type('\u0003')
  await dialogue.shows('interrupted')
  await dialogue.shows('torc> ')
  dialogue.type('get b/a\n')
  await dialogue.shows('text\n')
  dialogue.type('exit\n')
  t.equal(await dialogue.ended, 0)
  t.equal(store.closed, true)
})

t.test('rm asks in the dialogue', async t => {
  const store = await filled({ 'b/a': 'one' })
  await store.put('b', 'a', 'two')
  const dialogue = new Dialogue(store, t.testdir({}))
  await dialogue.shows('torc> ')
  dialogue.type('rm b/a\n')
  await dialogue.shows('[y/N]')
  dialogue.type('n\n')
  await dialogue.shows('torc> ')
  dialogue.type('\u001b[A')
  await dialogue.shows('rm b/a')
  dialogue.type('\u0003')
  await dialogue.shows('torc> ')
  dialogue.type('rm b/a\n')
  await dialogue.shows('[y/N]')
  dialogue.type('\u0003')
  await dialogue.shows('interrupted')
  await dialogue.shows('torc> ')
  t.equal(store.held.get('b')?.get('a')?.length, 2)
  dialogue.type('rm b/a --yes\n')
  await dialogue.shows('removed b/a')
  await dialogue.shows('torc> ')
  dialogue.type('\u0004')
  t.equal(await dialogue.ended, 0)
})

t.test('a history from before is offered and cut', async t => {
  const config = t.testdir({})
  writeFileSync(
    join(config, 'history'),
    `${Array.from({ length: 2500 }, (_, line) => `old ${line}`).join('\n')}\n`,
    { mode: 0o644 },
  )
  const dialogue = new Dialogue(await filled({ 'b/a': 'one' }), config)
  await dialogue.shows('torc> ')
  dialogue.type('\u001b[A')
  await dialogue.shows('old 2499')
  dialogue.type('\u0003\u0004')
  t.equal(await dialogue.ended, 0)
  t.equal(readFileSync(join(config, 'history'), 'utf8').split('\n').length, 1001)
  t.equal(statSync(join(config, 'history')).mode & 0o777, 0o600)
})
