import t from 'tap'
import { largeDuplicates, missed } from './large-duplicates.js'

t.test('a file under two names, then under none; and one that is changed in its middle', async t => {
  // `npm run scale:duplicates` does it with 4 GiB and 1 GiB.
  const mebibyte = 1024 * 1024
  const findings = await largeDuplicates({
    bytes: 24 * mebibyte,
    changedBytes: 64 * mebibyte,
    onProgress: text => t.comment(text),
  })
  t.strictSame(findings.filter(missed), [])
  t.ok(findings.length > 6)
})
