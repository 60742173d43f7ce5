import t from 'tap'
import { nullVersionId } from '../../src/identifiers/null-version-id.js'
import { versionIdText } from '../../src/messages/fields.js'

t.test('the name of the null version goes where ids of versions go', async t => {
  t.equal(versionIdText.check(nullVersionId, 'versionId'), 'null')
  t.match(nullVersionId, /^[a-z2-7]+$/, 'and is written in the letters of ids, so that no request refuses it')
})
