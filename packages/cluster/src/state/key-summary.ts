// The incremental form of a key's state, as agents use it; the pieces import each other directly.

export { type NullVersions, noNullVersions, nullVersionsOf } from './null-versions.js'
export { type Delta, type LocalVersions, type MergePlan, planMerge } from './plan-merge.js'
export { attributesSet, type MintInput, type MintPlan, optionalFields, planMint } from './plan-mint.js'
export { emptySummary, headsCoverAll, type KeySummary, summaryOf } from './summary.js'
export { decodeSummary, encodeSummary } from './summary-codec.js'
