import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { gather } from '../../src/quorum/gather.js'

const failing =
  (...bad: string[]) =>
  async (agent: string) => {
    if (bad.includes(agent)) throw new TorcError('UNREACHABLE', agent)
    return agent.toUpperCase()
  }

t.test('asks as many as are needed', async t => {
  const asked: string[] = []
  const { answers } = await gather(['a', 'b', 'c'], 2, async agent => asked.push(agent))
  t.equal(answers.length, 2)
  t.strictSame(asked, ['a', 'b'])
})

t.test('asks another one for each that fails', async t => {
  const { answers, errors } = await gather(['a', 'b', 'c', 'd'], 2, failing('a', 'c'))
  t.strictSame(new Set(answers.map(([, answer]) => answer)), new Set(['B', 'D']))
  t.strictSame([...errors.keys()], ['a', 'c'])
})

t.test('gives what came when nobody is left', async t => {
  const { answers, errors } = await gather(['a', 'b', 'c'], 3, failing('b'))
  t.equal(answers.length, 2)
  t.equal(errors.get('b')?.code, 'UNREACHABLE')
  t.strictSame((await gather([], 1, failing())).answers, [])
})

t.test('a stale layout ends it', async t => {
  const ask = async (): Promise<never> => {
    throw new TorcError('STALE_EPOCH', 'old')
  }
  await t.rejects(gather(['a', 'b'], 1, ask), { code: 'STALE_EPOCH' })
})
