// npm run scale:duplicates -- [--bytes 4294967296] [--changed-bytes 1073741824]
import { parseArgs } from 'node:util'
import { largeDuplicates, missed } from './large-duplicates.js'

const gibibyte = 2 ** 30
const { values } = parseArgs({
  options: {
    bytes: { type: 'string', default: String(4 * gibibyte) },
    'changed-bytes': { type: 'string', default: String(gibibyte) },
  },
})
const findings = await largeDuplicates({
  bytes: Number(values.bytes),
  changedBytes: Number(values['changed-bytes']),
  onProgress: text => console.error(text),
})
for (const finding of findings) console.log(JSON.stringify({ ...finding, ok: !missed(finding) }))
if (findings.some(missed)) process.exitCode = 1
