import fc from 'fast-check'
import { policyAttribute, policyValue, type RetentionPolicy } from '../../src/retention/policy.js'
import type { Agent, Reported } from './replica-agent.js'
import type { MintOptions, Replicas } from './replicas.js'

/** What happens to a key; the more often named, the likelier. */
const kinds = [
  'put',
  'put',
  'put',
  'putAfterRead',
  'putAfterRead',
  'putAfterRead',
  'putWithToken',
  'putWithToken',
  'putMarker',
  'putAndSetPolicy',
  'take',
  'takeReport',
  'purge',
  'purgeNow',
  'remove',
  'attribute',
  'setPolicy',
  'setBucketPolicy',
  'setBucketPolicy',
  'deliver',
  'deliver',
  'deliver',
  'deliver',
  'merge',
  'mergeKeeping',
  'handOver',
  'newActor',
  'snapshot',
  'restore',
  'restore',
  'restoreAlone',
  'put',
] as const

export interface Step {
  readonly kind: (typeof kinds)[number]
  readonly agent: number
  readonly other: number
  readonly pick: number
  readonly skip: number
  /** Of a put: of a null version. */
  readonly isNull: boolean
}

/** Small caps, so that short histories meet them. */
const policies: readonly (RetentionPolicy | 'inherit')[] = [
  { kind: 'global', max: 1 },
  { kind: 'global', max: 3 },
  { kind: 'global', max: 5 },
  { kind: 'dynamic', max: 2 },
  { kind: 'dynamic', max: 4 },
  { kind: 'dynamic', max: 8 },
  { kind: 'latest' },
  { kind: 'all' },
  'inherit',
]

export function policyOfPick(pick: number): RetentionPolicy | 'inherit' {
  return policies[pick % policies.length] ?? 'inherit'
}

/** A step from the bits of one number: cheap to make, and a shorter history is still found by shrinking. */
export function stepOf(bits: number): Step {
  return {
    kind: kinds[bits & 31] ?? 'put',
    agent: (bits >>> 5) & 3,
    other: (bits >>> 7) & 3,
    pick: (bits >>> 9) & 255,
    skip: 1 + (((bits >>> 17) & 7) % 3),
    isNull: ((bits >>> 20) & 1) === 1,
  }
}

export const stepsMax = 40

export const steps: fc.Arbitrary<Step[]> = fc
  .array(fc.nat({ max: 2 ** 21 - 1 }), { minLength: 1, maxLength: stepsMax, size: 'max' })
  .map(all => all.map(stepOf))

/** Takes one step and returns the agent whose copy it changed. */
export function take(replicas: Replicas, step: Step): Agent {
  const at = replicas.agent(step.agent)
  if (step.kind.startsWith('put'))
    replicas.mint(at, { ...mintOptions(replicas, step, at), isNull: step.isNull })
  else change(replicas, step, at)
  return at
}

function mintOptions(replicas: Replicas, { kind, other, pick, skip }: Step, at: Agent): MintOptions {
  const ownLimit = pick % 16 === 15 ? pick >> 6 : undefined
  switch (kind) {
    case 'putAfterRead': {
      const peer = replicas.agent(other)
      const reports = peer === at ? [] : [reportOf(replicas, peer, pick)]
      return { skip, cover: replicas.clockRead(peer), reports, ownLimit }
    }
    case 'putWithToken': {
      const peers = replicas.agents.filter(peer => peer !== at).slice(0, pick % 3)
      const reports = peers.map(peer => reportOf(replicas, peer, pick))
      return { skip, cover: chosen(replicas.tokens, pick), exact: true, reports, ownLimit }
    }
    case 'putMarker': {
      const reports = replicas.agents.filter(peer => peer !== at).map(peer => peer.report())
      return { skip, kind: 'marker', reports }
    }
    case 'putAndSetPolicy':
      return { skip, setPolicy: policyOfPick(pick) }
    default:
      return { skip, ownLimit }
  }
}

/** Of now, of before, or cut short. */
function reportOf(replicas: Replicas, peer: Agent, pick: number): Reported {
  const earlier = pick % 4 === 3 ? chosen(replicas.reports, pick >> 2) : undefined
  return earlier ?? peer.report(pick % 8 === 6 ? pick >> 5 : undefined)
}

function change(replicas: Replicas, { kind, other, pick, skip }: Step, at: Agent): void {
  const peer = replicas.agent(other)
  const token = chosen(replicas.tokens, pick)
  switch (kind) {
    case 'take':
      replicas.takeToken(at)
      break
    case 'takeReport':
      replicas.takeReport(at)
      break
    case 'purge':
      if (token !== undefined) replicas.purge(at, token)
      break
    case 'purgeNow':
      replicas.purge(at, replicas.takeToken(at))
      break
    case 'remove': {
      const version = chosen([...at.state.versions.values()], pick)
      if (version !== undefined) replicas.removeVersion(at, version.dot)
      break
    }
    case 'attribute': {
      const version = pick % 2 === 0 ? undefined : chosen([...at.state.versions.values()], pick >> 1)
      replicas.setAttribute(at, version?.dot, `n${pick % 3}`, Uint8Array.of(pick))
      break
    }
    case 'setPolicy':
      replicas.setAttribute(at, undefined, policyAttribute, policyValue(policyOfPick(pick)))
      break
    case 'setBucketPolicy': {
      const policy = policyOfPick(pick)
      replicas.bucketPolicy = policy === 'inherit' ? { kind: 'all' } : policy
      break
    }
    case 'deliver': {
      const message = chosen(replicas.messages, pick)
      if (message !== undefined) at.receive(message, skip > 1)
      break
    }
    case 'merge':
      at.receive(peer.wholeState(), skip > 1)
      break
    case 'mergeKeeping':
      at.receiveKeeping(
        peer,
        [...peer.state.versions.values()].filter((_, i) => ((pick >> (i % 6)) & 1) === 1),
      )
      break
    case 'handOver':
      if (at !== peer) replicas.handOver(at, peer)
      break
    case 'newActor':
      replicas.newActor(at)
      break
    case 'snapshot':
      replicas.snapshot(at)
      break
    case 'restore':
      if (at !== peer) replicas.restore(at, peer)
      break
    case 'restoreAlone':
      // Seldom: what is lost for good can't be judged at the end.
      if (pick % 4 === 0) replicas.restore(at, undefined)
      break
  }
}

function chosen<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(1, list.length)]
}
