import type { LayoutInfo } from '@torc/protocol/store/admin'
import type { Output } from '../output/output.js'
import { layoutRecord } from '../output/records.js'

export function reportLayout(output: Output, layout: LayoutInfo): void {
  if (output.json) {
    output.record(layoutRecord(layout))
    return
  }
  output.fields([
    ['epoch', String(layout.epoch)],
    ['partitions', String(layout.partitions)],
    ['replicas', String(layout.replicas)],
  ])
  output.table(
    ['agent', 'zone', 'capacity', 'partitions'],
    layout.agents.map(({ id, zone, capacity, partitions }) => [
      id,
      zone === '' ? '-' : zone,
      output.bytes(capacity),
      String(partitions),
    ]),
  )
}
