import type { LayoutInfo, LayoutPlan, LayoutProgress } from '@torc/protocol/store/admin'
import type { Output } from '../output/output.js'
import { layoutRecord } from '../output/records.js'

const stageText = ['', 'old owners are read', 'new owners are read', 'settled']

export function reportLayout(output: Output, layout: LayoutInfo): void {
  if (output.json) {
    output.record(layoutRecord(layout))
    return
  }
  const { stage = 3, changes, plan, progress = [] } = layout
  output.fields([
    ['epoch', `${layout.epoch} (stage ${stage} of 3: ${stageText[stage] ?? ''})`],
    ['partitions', String(layout.partitions)],
    ['replicas', String(layout.replicas)],
  ])
  output.table(
    ['agent', 'zone', 'capacity', 'partitions'],
    layout.agents.map(({ id, zone, capacity, partitions }) => [
      ...[id, zoneText(zone), output.bytes(capacity), String(partitions)],
    ]),
  )
  if (progress.length > 0) showProgress(output, progress)
  if (changes === undefined) return
  output.line('')
  output.line(`Changes that wait, for layout ${changes.base}:`)
  for (const { id, zone, capacity } of changes.assign)
    output.line(`  assign ${id}, zone ${zoneText(zone)}, ${output.bytes(capacity)}`)
  for (const { id, dead } of changes.remove)
    output.line(`  remove ${id}${dead ? ', which is gone for good' : ''}`)
  if (changes.replicas !== undefined) output.line(`  ${changes.replicas} replicas`)
  if (plan === undefined) output.line('They are for another layout: drop them with `layout cancel`.')
  else showPlan(output, plan)
}

function showProgress(output: Output, progress: readonly LayoutProgress[]): void {
  output.line('')
  output.table(
    ['agent', 'layout', 'taken over', 'bytes', 'to hand over'],
    progress.map(({ id, epoch, stage, left, total, bytes, leftovers, error }) =>
      error === undefined
        ? [
            ...[id, `${epoch}, stage ${stage}`, `${total - left} of ${total} partitions`],
            ...[output.bytes(bytes), `${leftovers} partitions`],
          ]
        : [id, '-', error, '-', '-'],
    ),
  )
}

function showPlan(output: Output, plan: LayoutPlan): void {
  output.line('')
  output.table(
    ['agent', 'partitions', 'then', 'takes over', 'is relieved of'],
    plan.agents.map(({ id, before, after, gains, loses }) => [
      ...[id, String(before), String(after), String(gains), String(loses)],
    ]),
  )
  output.fields([
    [
      'moves',
      `${plan.moved} replicas (no layout moves fewer than ${plan.movedMin}), about ${output.bytes(plan.bytes)}`,
    ],
    ['bears', `${plan.absentMax} owners of a partition away meanwhile`],
  ])
  for (const note of plan.notes) output.line(note)
  for (const problem of plan.problems) output.line(output.colors.red(`Cannot be applied: ${problem}`))
  if (plan.problems.length === 0) output.line('Do it with `layout apply`, or drop it with `layout cancel`.')
}

function zoneText(zone: string): string {
  return zone === '' ? '-' : zone
}
