import { endOfPrefix, justBefore } from './key-order.js'
import type { Position } from './position.js'

/** The text strictly after which agents list for a listing that goes on at `position`. */
export function startText(position: Position | undefined): string {
  switch (position?.after) {
    case undefined:
      return ''
    case 'key':
      return position.key
    case 'prefix':
      return endOfPrefix(position.prefix)
    case 'version':
      return justBefore(position.key)
  }
}
