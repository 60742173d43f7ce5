import fc from 'fast-check'
import t from 'tap'
import { conflictName } from '../../../src/sync/plan/conflict-name.js'

const head = { createdAt: new Date('2026-11-27T15:30:09.9Z'), client: 'laptop' }

t.test('the mark stands before the ending', async t => {
  const cases: Record<string, string> = {
    'notes.txt': 'notes.conflict-2026-11-27-153009-laptop.txt',
    'd/e/notes.txt': 'd/e/notes.conflict-2026-11-27-153009-laptop.txt',
    'd.x/notes': 'd.x/notes.conflict-2026-11-27-153009-laptop',
    'backup.tar.gz': 'backup.conflict-2026-11-27-153009-laptop.tar.gz',
    'backup.TAR.xz': 'backup.conflict-2026-11-27-153009-laptop.TAR.xz',
    'a.b.c': 'a.b.conflict-2026-11-27-153009-laptop.c',
    '.bashrc': '.bashrc.conflict-2026-11-27-153009-laptop',
    '.eslintrc.json': '.eslintrc.conflict-2026-11-27-153009-laptop.json',
    '.tar.gz': '.tar.conflict-2026-11-27-153009-laptop.gz',
    'ends.': 'ends..conflict-2026-11-27-153009-laptop',
    'v1. the end': 'v1. the end.conflict-2026-11-27-153009-laptop',
    [`a.${'x'.repeat(40)}`]: `a.${'x'.repeat(40)}.conflict-2026-11-27-153009-laptop`,
    'two\nlines.txt': 'two\nlines.conflict-2026-11-27-153009-laptop.txt',
  }
  for (const [name, wanted] of Object.entries(cases)) t.equal(conflictName(name, head, 1), wanted)
})

t.test('a later attempt, another client, none at all', async t => {
  t.equal(conflictName('a.txt', head, 3), 'a.conflict-2026-11-27-153009-laptop-3.txt')
  t.equal(
    conflictName('a.txt', { ...head, client: '../x y\0' }, 1),
    'a.conflict-2026-11-27-153009--x-y-.txt',
    'what somebody wrote into the metadata is no path',
  )
  t.equal(conflictName('a', { ...head, client: undefined }, 1), 'a.conflict-2026-11-27-153009-other')
})

t.test('names stay as short as they must, and valid', async () => {
  const part = fc.string({
    unit: fc.constantFrom('a', 'é', '漢', '🙂', '.', ' '),
    minLength: 1,
    maxLength: 260,
  })
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 4 }),
      part,
      fc.string({ maxLength: 60 }),
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 200, max: 1024 }),
      (folders, last, client, attempt, nameBytesMax) => {
        const name = [...folders, last].join('/')
        const found = conflictName(name, { ...head, client }, attempt, nameBytesMax)
        const own = found.slice(found.lastIndexOf('/') + 1)
        return (
          Buffer.byteLength(found) <= nameBytesMax &&
          Buffer.byteLength(own) <= 255 &&
          found.isWellFormed() &&
          name.startsWith(found.slice(0, found.length - own.length)) &&
          own.includes('.conflict-2026-11-27-153009-') &&
          found !== conflictName(name, { ...head, client }, attempt + 1, nameBytesMax)
        )
      },
    ),
    { numRuns: 5000 },
  )
})
