import type { TagInfo } from '@torc/protocol/store/object-store'
import { printable } from '../output/format.js'
import type { Output } from '../output/output.js'
import { tagRecord } from '../output/records.js'

/** Name and value of each tag, one a line. */
export function reportTags(output: Output, info: TagInfo): void {
  if (output.json) {
    output.record(tagRecord(info))
    return
  }
  const tags = Object.entries(info.tags)
  if (tags.length > 0) output.fields(tags.map(([name, value]) => [printable(name), printable(value)]))
  const name = `${info.bucket}/${printable(info.key)}`
  output.note(`${tags.length === 0 ? 'no tags at' : 'tags of'} ${name}, version ${info.versionId}`)
}
