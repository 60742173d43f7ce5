import type { PolicyInfo, PolicyTarget } from '@torc/protocol/store/object-store'
import { count, formatTime, printable } from '../output/format.js'
import type { Output } from '../output/output.js'
import { policyRecord } from '../output/records.js'
import { defineCommand } from './command.js'
import { parsePolicyTarget, policyTargetText } from './policy-target.js'

export const policyShow = defineCommand({
  name: 'policy show',
  describe: 'Show the retention policy in force, whose it is, and which versions would go next',
  arguments: {
    target: {
      label: 'BUCKET[/KEY]',
      kind: 'target',
      required: false,
      doc: 'Whose policy; that of the cluster when absent',
    },
  },
  options: {},
  examples: [
    { line: 'policy show photos', does: 'shows what holds for keys without a policy of their own' },
    { line: 'policy show photos/sea.jpg', does: 'shows which versions the next write would remove' },
  ],
  async run({ arguments: { target: named }, output, signal, ...context }) {
    const target = parsePolicyTarget(named)
    const store = await context.store()
    const info = await store.policy(target, { signal })
    if (output.json) output.record(policyRecord(target, info))
    else show(output, target, info)
    return 0
  },
})

function show(output: Output, target: PolicyTarget, info: PolicyInfo): void {
  output.fields([
    ['of', printable(policyTargetText(target))],
    ['policy', info.policy],
    ['from', info.from === 'default' ? 'the default: nobody set one' : `the ${info.from}`],
    ['own', info.own],
    ...(info.versions === undefined ? [] : [['versions', String(info.versions)] as const]),
  ])
  if (target.key === undefined) return
  if (info.next.length === 0) {
    output.note('the next write would remove nothing')
    return
  }
  output.note(`the next write would remove ${count(info.next.length, 'version')}, oldest first:`)
  output.table(
    ['version', 'created', 'size'],
    info.next.map(({ versionId, createdAt, size }) => [
      versionId,
      output.mode === 'terminal' ? formatTime(createdAt) : createdAt.toISOString(),
      output.bytes(size),
    ]),
  )
}
