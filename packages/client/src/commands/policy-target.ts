import type { PolicyTarget } from '@torc/protocol/store/object-store'
import { parseObjectTarget, parseTarget } from './target.js'

/** `BUCKET`, `BUCKET/` or `BUCKET/KEY`; nothing (or `/`) for the cluster. */
export function parsePolicyTarget(named: string | undefined): PolicyTarget {
  if (named === undefined || named === '' || named === '/') return {}
  const { bucket, key } = parseTarget(named)
  return key === '' ? { bucket } : parseObjectTarget(named)
}

/** As people read it. */
export function policyTargetText({ bucket, key }: PolicyTarget): string {
  if (bucket === undefined) return 'the cluster'
  return key === undefined ? bucket : `${bucket}/${key}`
}
