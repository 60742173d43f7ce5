import { TorcError } from '@torc/protocol/errors'

export function removedSince(): TorcError {
  return new TorcError('SUPERSEDED', 'this write was done, and its version has been removed since')
}

export function intentExpired(): TorcError {
  return new TorcError('INTENT_EXPIRED', 'this agent has no intent of the operation (any more)')
}

export function tooManySiblings(siblingsMax: number): TorcError {
  return new TorcError('CONFLICT', `the key has ${siblingsMax} siblings, and none of them is covered`, {
    hint: 'Read the key, and write with the context of that read: it resolves the siblings.',
  })
}
