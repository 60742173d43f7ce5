import fc from 'fast-check'
import t from 'tap'
import { planNames } from '../../../src/sync/plan/plan.js'
import type { Plan } from '../../../src/sync/plan/step.js'
import {
  type Content,
  folderContent,
  isFolderName,
  sameBytes,
  sameContent,
} from '../../../src/sync/trees/entry.js'
import { ModelClient } from './model-client.js'
import { pastsOf, withPasts } from './model-pasts.js'
import { ModelStore } from './model-store.js'
import { stepText } from './step-text.js'

const names = ['a', 'a/', 'a/b', 'a/c', 'a/b/', 'a/b/x', 'd/', 'd/a', 'e']
const namesWithTwins = ['A', 'A/', 'A/b', 'D/', 'D/a', 'd/A', ...names]

/** Passes with something to do, of one client on a store that nobody else writes. */
function settle(client: ModelClient, passesMax = 4): void {
  const told: string[] = []
  for (let passes = 0; passes <= passesMax; passes += 1) {
    const { steps } = client.pass()
    if (steps.length === 0) return
    told.push(`pass ${passes + 1}:`, ...steps.map(stepText))
  }
  throw new Error(`no end of passes\n${told.join('\n')}`)
}

/** Throws where the folder, the store and the journal are not the same, but for what is refused. */
function checkEqual(client: ModelClient, store: ModelStore): void {
  const { steps, problems } = client.planAll()
  if (steps.length > 0) throw new Error(`left over: ${steps.map(stepText).join(', ')}`)
  const refused = (name: string): boolean =>
    problems.some(
      problem => name === problem.name || (isFolderName(problem.name) && name.startsWith(problem.name)),
    )
  const there = new Map<string, Content>()
  for (const name of client.world.remote.below('')) {
    if (!refused(name)) there.set(name, store.entry(name)?.heads[0]?.content ?? folderContent)
  }
  const here = [...client.local].filter(([name]) => !refused(name))
  for (const [name, { content }] of here) {
    const other = there.get(name)
    if (other === undefined || !sameContent(content, other)) throw new Error(`${name} differs`)
    if (!client.world.synced.has(name)) throw new Error(`${name} is not in the journal`)
  }
  if (here.length !== there.size) throw new Error('the store has more')
  const noted = [...client.world.synced.names()].filter(name => !refused(name))
  if (noted.length !== here.length) throw new Error('the journal has more')
}

const runs = { numRuns: 1000 }

t.test('whatever the three trees are, a few passes make the sides equal', async () => {
  fc.assert(
    fc.property(pastsOf(names), pasts => {
      const { client, store } = withPasts(pasts)
      settle(client)
      checkEqual(client, store)
    }),
    runs,
  )
})

t.test('so it is with twins, of which only one is synced', async () => {
  fc.assert(
    fc.property(pastsOf(namesWithTwins), pasts => {
      const { client, store } = withPasts(pasts)
      // The end of one twin comes before the beginning of the other.
      settle(client, 8)
      checkEqual(client, store)
    }),
    runs,
  )
})

t.test(
  'what was edited on either side is alive in the end, under its name or its conflict name',
  async () => {
    fc.assert(
      fc.property(pastsOf(names), pasts => {
        const { client, store } = withPasts(pasts)
        const edits: Content[] = []
        for (const [name, { content }] of client.local) {
          const synced = client.world.synced.get(name)
          if (!synced || !sameContent(synced.content, content)) edits.push(content)
        }
        for (const name of store.names()) {
          const synced = client.world.synced.get(name)
          for (const { content, versionId } of store.entry(name)?.heads ?? []) {
            const known = synced && (synced.versionId === versionId || sameBytes(synced.content, content))
            if (!known) edits.push(content)
          }
        }
        settle(client)
        for (const content of edits) {
          if (content.kind !== 'folder' && !store.has(content)) throw new Error(`${content.sha256} is lost`)
        }
      }),
      runs,
    )
  },
)

t.test('a name that is the same on both sides gets no step', async () => {
  fc.assert(
    fc.property(pastsOf(namesWithTwins), pasts => {
      const { client } = withPasts(pasts)
      const { steps } = client.planAll()
      for (const { name, does } of steps) {
        const { local, remote, synced } = client.world.triple(name)
        const same =
          local?.fingerprint === synced?.fingerprint &&
          remote?.heads.length === 1 &&
          !remote.besideMarker &&
          remote.heads[0]?.versionId === synced?.versionId
        // A file gives way to a folder that has come.
        if (same && does !== 'giveWay') throw new Error(`${does} ${name}`)
        if (does === 'giveWay' && isFolderName(name)) throw new Error(name)
      }
    }),
    runs,
  )
})

t.test('the same trees give the same plan, in whatever order the names come', async () => {
  const shuffled = fc.shuffledSubarray(namesWithTwins, { minLength: namesWithTwins.length })
  fc.assert(
    fc.property(pastsOf(namesWithTwins), shuffled, (pasts, order) => {
      const { client } = withPasts(pasts)
      client.planAll()
      const told = (plan: Plan): string => JSON.stringify(plan)
      const plans = [order, namesWithTwins].map(each => told(planNames(each, client.world)))
      if (plans[0] !== plans[1]) throw new Error(plans.join('\n'))
    }),
    runs,
  )
})

const deed = fc.record({
  client: fc.nat(2),
  does: fc.constantFrom('write', 'write', 'remove', 'rename', 'pass', 'pass', 'passMeanwhile'),
  name: fc.constantFrom(...names),
  to: fc.constantFrom(...names),
})

t.test('several folders become equal, whatever their users did, and nothing unseen is replaced', async () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 30 }), deeds => {
      const store = new ModelStore()
      const clients = [0, 1, 2].map(() => new ModelClient(store))
      let count = 0
      const act = ({ client: at, does, name, to }: (typeof deeds)[number]): void => {
        const client = clients[at]
        count += 1
        const bytes: Content = { kind: 'file', sha256: `${count}`, size: 1, executable: false }
        if (does === 'write') client?.userWrite(name, isFolderName(name) ? folderContent : bytes)
        if (does === 'remove') client?.userRemove(name)
        if (does === 'rename' && isFolderName(name) === isFolderName(to)) client?.userRename(name, to)
        if (does === 'pass') client?.pass()
      }
      const waiting = [...deeds]
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        if (next.does !== 'passMeanwhile') act(next)
        else {
          clients[next.client]?.pass(() => {
            for (const other of waiting.splice(0, 3)) {
              if (other.client !== next.client || !other.does.startsWith('pass')) act(other)
            }
          })
        }
      }
      for (
        let rounds = 0;
        clients.map(client => client.pass().steps.length).some(steps => steps > 0);
        rounds += 1
      ) {
        if (rounds > 12) throw new Error('no end of passes')
      }
      for (const client of clients) checkEqual(client, store)
    }),
    runs,
  )
})
