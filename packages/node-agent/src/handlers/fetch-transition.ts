import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { Transition } from '../transition/transition.js'

/** How far this agent is in the change to its layout. */
export function fetchTransitionHandler(transition: Transition) {
  return (_request: IncomingRequest<'fetchTransition'>): Reply<'fetchTransition'> => ({
    head: transition.answer(),
  })
}
