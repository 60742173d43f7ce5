import { endOfPrefix } from './key-order.js'
import type { Position } from './position.js'

/**
 * The text strictly after which agents list for a listing that goes on at `position`. What is left of a key's
 * versions is read apart from the range.
 */
export function startText(position: Position | undefined): string {
  switch (position?.after) {
    case undefined:
      return ''
    case 'key':
    case 'version':
      return position.key
    case 'prefix':
      return endOfPrefix(position.prefix)
  }
}
