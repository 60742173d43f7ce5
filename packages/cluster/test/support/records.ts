import fc from 'fast-check'
import { type CausalContext, covers } from '../../src/clocks/causal-context.js'
import { type BlockReference, type Version, versionIdOf } from '../../src/state/version.js'
import { actor, contexts, counters } from './samples.js'

/** Objects as literals make them, so that deep comparisons hold. */
const plain = { noNullPrototype: true } as const
const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size })
const texts = fc.string({ unit: 'grapheme', maxLength: 40 }).filter(text => Buffer.byteLength(text) <= 128)

const blockLists: fc.Arbitrary<BlockReference[]> = fc.array(
  fc.record({ hash: bytes(32), size: fc.constantFrom(1, 1000, 1024 * 1024) }, plain),
  { minLength: 1, maxLength: 5 },
)

const dots = fc.record({ actor: fc.nat(5).map(actor), counter: counters }, plain)

/** Contexts as the codec may meet them: also wide counters. */
export const storedContexts: fc.Arbitrary<CausalContext> = fc.oneof(
  { weight: 4, arbitrary: contexts },
  fc
    .array(fc.tuple(fc.nat(40), counters), { maxLength: 40 })
    .map(pairs => ({ vector: new Map(pairs.map(([n, counter]) => [actor(n), counter])), cloud: new Map() })),
)

export const versions: fc.Arbitrary<Version> = fc
  .record({
    dot: dots,
    context: storedContexts,
    kind: fc.constantFrom('object' as const, 'marker' as const),
    size: fc.nat(16 * 1024),
    etag: texts,
    sha256: bytes(32),
    contentType: texts,
    metadata: fc.array(fc.tuple(texts, texts), { maxLength: 3 }),
    createdAt: fc.maxSafeNat(),
    seq: fc.integer({ min: 1 }),
    opId: bytes(16),
    blocks: fc.option(blockLists, { nil: undefined }),
    inParts: fc.boolean(),
    tags: fc.array(fc.tuple(texts, texts), { maxLength: 3 }),
    isNull: fc.boolean(),
    gap: fc.nat(),
  })
  .filter(made => !covers(made.context, made.dot))
  .map(({ gap, inParts, tags, isNull, ...made }) => {
    const blocks = made.kind === 'marker' ? undefined : made.blocks
    const size = blocks === undefined ? made.size : blocks.reduce((sum, block) => sum + block.size, 0)
    return {
      ...made,
      id: versionIdOf(made.opId),
      after: gap % made.dot.counter,
      size: made.kind === 'marker' ? 0 : size,
      blocks,
      ...(inParts && blocks !== undefined ? { partBlocks: [1, 0, blocks.length - 1] } : {}),
      ...(tags.length > 0 ? { tags } : {}),
      ...(isNull ? { isNull } : {}),
    }
  })
