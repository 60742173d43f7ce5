import { printable } from '../output/format.js'
import { defineCommand } from './command.js'
import { parsePolicyTarget, policyTargetText } from './policy-target.js'
import { policyWords } from './write-options.js'

export const policySet = defineCommand({
  name: 'policy set',
  describe: "Set how many versions are kept: of a key, of a bucket's keys, or of all",
  arguments: {
    policy: {
      label: 'P',
      kind: 'word',
      required: true,
      suggestions: ['all', 'dynamic:', 'global:', 'inherit', 'latest'],
      doc: `${policyWords}: keep all, one, at most N (the oldest goes), at most N (the oldest quarter goes), or what is said one level up`,
    },
    target: {
      label: 'BUCKET[/KEY]',
      kind: 'target',
      required: false,
      doc: "Whose policy, the cluster's when absent; a key's goes before its bucket's, that before the cluster's",
    },
  },
  options: {},
  examples: [
    { line: 'policy set global:5 photos', does: 'keeps the five newest versions of each key' },
    { line: 'policy set latest photos/index.json', does: 'keeps one version of this key' },
    { line: 'policy set inherit photos/index.json', does: "goes by the bucket's policy again" },
  ],
  async run({ arguments: { policy, target: named }, output, signal, ...context }) {
    const target = parsePolicyTarget(named)
    const store = await context.store()
    await store.setPolicy(target, policy, { signal })
    if (output.json) output.record({ bucket: target.bucket, key: target.key, policy })
    else {
      const of = printable(policyTargetText(target))
      output.summary(
        policy === 'inherit' ? `${of} has no policy of its own now` : `policy of ${of}: ${printable(policy)}`,
      )
      output.note('it acts with the next write; nothing was removed')
    }
    return 0
  },
})
