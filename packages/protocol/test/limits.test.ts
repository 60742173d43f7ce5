import t from 'tap'
import { assertLimits, limits } from '../src/limits.js'

t.test('the limits agree with each other, and one that does not is found', async t => {
  assertLimits()
  for (const wrong of [
    { headBytesMax: limits.frameBytesMax },
    { dataBytesMax: limits.frameBytesMax },
    { streamWindowBytes: 1 },
    { streamWindowBytesMax: 1 },
    { storedInlineBytesMax: limits.inlineBodyBytesMax + 1 },
    { objectBytesMax: limits.objectBytesMax * 4 },
    { objectBlocksMax: limits.objectBlocksMax * 2 },
    { objectPartsMax: limits.objectPartsMax * 2 },
    { storedKeyBytesMax: limits.keyBytesMax },
    { sendQueueBytesClose: 1 },
    { handshakeFrameBytesMax: limits.frameBytesMax + 1 },
    { blockBytesMax: 1 },
    { uploadByHashBytesMin: limits.storedInlineBytesMax },
    { offeredBlocksMax: 16_384 },
    { grantsMax: 256 },
    { accessKeysListedMax: 128 },
  ]) {
    t.throws(() => assertLimits({ ...limits, ...wrong } as typeof limits), /limits contradict/)
  }
})
