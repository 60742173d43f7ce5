import type { Member, SelfDescription } from './member.js'
import type { MemberChange } from './member-table.js'

export type SwimEvent =
  /** Time passes; comes every `tickMs` as long as the process runs. */
  | { readonly kind: 'tick' }
  /** News that rode on a probe or its answer; `from` is who told it. */
  | { readonly kind: 'news'; readonly from: string; readonly members: readonly Member[] }
  /** A full exchange: all that `from` knows. */
  | { readonly kind: 'table'; readonly from: string; readonly members: readonly Member[] }
  /** A probe was answered. */
  | { readonly kind: 'answered'; readonly probe: number }
  /** Nobody listens where the member should be. */
  | { readonly kind: 'refused'; readonly probe: number }
  /** A member that was asked to probe another one tells what came of it. */
  | { readonly kind: 'relayed'; readonly probe: number; readonly relay: string; readonly answered: boolean }
  /** A connection to this member ended, or an attempt to make one failed. */
  | { readonly kind: 'lost'; readonly id: string }
  /** This node says something new of itself. A field that is not there stays as it is. */
  | { readonly kind: 'describe'; readonly description: SelfDescription }
  /** This node stops on purpose. */
  | { readonly kind: 'leave' }

export type SwimAction =
  /** What is known of a member changed. */
  | ({ readonly kind: 'changed' } & MemberChange)
  /** The own incarnation rose: to be stored before anything is sent. */
  | { readonly kind: 'incarnation'; readonly incarnation: number }
  | { readonly kind: 'probe'; readonly probe: number; readonly member: Member }
  /** Ask each of `relays` to probe `member`. */
  | {
      readonly kind: 'probe-for'
      readonly probe: number
      readonly member: Member
      readonly relays: readonly Member[]
      readonly timeoutMs: number
    }
  /** Full exchange with a member, which may be down. */
  | { readonly kind: 'exchange'; readonly member: Member }
  /** Full exchange at the addresses to join at. */
  | { readonly kind: 'join' }
  /** Another process calls itself by this node's id. */
  | { readonly kind: 'rival'; readonly member: Member }
