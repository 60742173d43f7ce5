import { join } from 'node:path'
import { safeguards } from '@torc/protocol/environment/safeguards'
import { systemEnvironment } from '@torc/protocol/environment/system'
import t from 'tap'
import { filesBelow, packageNames, readText, withoutComments } from './sources.js'

const sources = packageNames().flatMap(name => filesBelow(join('packages', name, 'src'), '.ts'))
const code = new Map(sources.map(file => [file, withoutComments(readText(file))]))

/** Where the field is declared, and what reads it. */
const knows = [
  'packages/protocol/src/environment/safeguards.ts',
  'packages/protocol/src/environment/system.ts',
]

/** `{ without: … }`, `{ a, without }`, `x.without`, `x['without']`. */
const setting = /\bwithout['"`]?\s*\??\s*:|[{,]\s*without\s*[,}]|\.without\b|\[\s*['"`]without['"`]\s*\]/

t.test('what programs run with takes no rule away, and cannot be made to', async t => {
  t.notOk('without' in systemEnvironment)
  t.ok(Object.isFrozen(systemEnvironment))
  t.throws(() => Object.assign(systemEnvironment, { without: safeguards[0] }), TypeError)
})

t.test(
  'no source of a package sets the field that takes a rule away, nor reads it past `inForce`',
  async t => {
    const wrong: string[] = []
    for (const [file, text] of code) {
      if (knows.includes(file)) continue
      const found = setting.exec(text.replace(/^import\b[^;]*?from '[^']+'/gm, ''))
      if (found !== null) wrong.push(`${file}: ${found[0]}`)
    }
    t.strictSame(wrong, [])
  },
)

t.test('each rule is asked for by its name', async t => {
  for (const rule of safeguards) {
    const asking = [...code].filter(([, text]) => text.includes(`'${rule}'`)).map(([file]) => file)
    t.ok(asking.length > 1, `${rule}: ${asking.join(' ')}`)
  }
})

t.test('an environment is made by nobody but tests and the one of the machine', async t => {
  const makes = /\bhasher\s*:\s*systemHasher\b|:\s*Environment\s*=/
  const makers = [...code].filter(([, text]) => makes.test(text)).map(([file]) => file)
  t.strictSame(makers, ['packages/protocol/src/environment/system.ts'])
})
