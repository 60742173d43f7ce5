import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { Scrub } from '../scrub/scrub.js'

/** An operator wants all blocks checked now. */
export function scrubBlocksHandler(scrub: Scrub) {
  return (_request: IncomingRequest<'scrubBlocks'>): Reply<'scrubBlocks'> => ({
    head: { waitFor: scrub.ask() },
  })
}
