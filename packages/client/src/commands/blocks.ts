import { errorTable } from '@torc/protocol/errors'
import type { BlockPlaces, BlockState } from '@torc/protocol/store/blocks'
import { count } from '../output/format.js'
import type { Output } from '../output/output.js'
import { blockRecord } from '../output/records.js'
import { defineCommand } from './command.js'
import { parseObjectTarget } from './target.js'

/** States in which an owner can give the block to a reader. */
const readable: ReadonlySet<BlockState> = new Set(['stored', 'releasing'])

export const blocks = defineCommand({
  name: 'blocks',
  describe: 'Show the blocks of a version and how they are on their owners; exits 8 unless all have them',
  arguments: {
    target: { label: 'BUCKET/KEY', kind: 'target', required: true, doc: 'Object whose blocks to show' },
  },
  options: {
    versionId: { type: 'text', value: 'ID', doc: 'This version (a unique beginning of its id suffices)' },
  },
  examples: [
    { line: 'blocks photos/sea.jpg', does: 'lists position, hash, size and, for each owner, the state' },
    { line: 'blocks photos/sea.jpg --version-id 5nl5', does: 'shows the blocks of an older version' },
    { line: 'blocks photos/sea.jpg --json', does: 'prints one object for each block' },
  ],
  async run({ arguments: { target }, options, output, signal, ...context }) {
    const { bucket, key } = parseObjectTarget(target)
    const store = await context.store()
    let [shown, lacking] = [0, 0]
    for await (const block of store.blocks(bucket, key, { versionId: options.versionId, signal })) {
      if (output.json) output.record(blockRecord(block))
      else output.line(lineOf(output, block))
      shown++
      if (!block.owners.every(({ state }) => readable.has(state))) lacking++
    }
    if (shown === 0) output.note('no blocks: small bodies are kept beside their version')
    if (lacking > 0) output.note(`${count(lacking, 'block')} of ${shown} not on all owners`)
    return lacking === 0 ? 0 : errorTable.PARTIAL.exitCode
  },
})

/** One line at a time: a large object has thousands of blocks, and a table would wait for the last one. */
function lineOf(output: Output, { position, hash, size, owners }: BlockPlaces): string {
  const { green, red, yellow } = output.colors
  const paint = (state: BlockState): string =>
    state === 'stored'
      ? green(state)
      : state === 'releasing' || state === 'uploading'
        ? yellow(state)
        : red(state)
  const states = owners.map(({ agent, state }) => `${agent}=${paint(state)}`)
  if (output.mode === 'terminal')
    return [String(position).padStart(5), hash, output.bytes(size).padStart(9), ...states].join('  ')
  return [String(position), hash, String(size), ...states].join('\t')
}
