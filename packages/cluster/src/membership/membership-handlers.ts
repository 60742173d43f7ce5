import { TorcError } from '@torc/protocol/errors'
import type { Handlers, IncomingRequest, Peer, Reply } from '@torc/protocol/exchange/exchange'
import { type Address, formatAddress, parseAddress } from '@torc/protocol/transport/transport'
import { refusalOf } from './announcement.js'
import type { Member } from './member.js'
import { type Contact, contactOf, type MembershipOptions } from './membership-options.js'
import type { MembershipRequests, SwimAccess } from './membership-requests.js'
import { membershipParameters as p } from './parameters.js'

/** What other nodes ask a member. */
export function memberHandlers(
  options: MembershipOptions,
  requests: MembershipRequests,
  access: SwimAccess,
): Handlers {
  const { epoch, log, reach, onOtherEpoch } = options

  /** A peer with another layout is asked over the connection to it, which need not be the one it asked on. */
  const compareEpochs = async (peer: Peer, heard: number): Promise<void> => {
    const member = access.swim().get(peer.id)
    if (heard === epoch() || member === undefined) return
    try {
      onOtherEpoch(await reach(contactOf(member)), heard)
    } catch (thrown) {
      log.debug({ peer: peer.id, code: TorcError.from(thrown).code }, 'no way to ask for its layout')
    }
  }

  const refuseRivals = async (newcomer: Member): Promise<void> => {
    const swim = access.swim()
    const answersAs = (address: Address): Promise<string | undefined> =>
      within(options, p.rivalMs, reach({ address, member: undefined, fresh: true })).then(
        exchange => exchange?.peer.id,
        thrown => {
          log.debug({ address: formatAddress(address), code: TorcError.from(thrown).code }, 'nobody answers')
          return undefined
        },
      )
    const refusal = await refusalOf(newcomer, swim.self, swim.members(), answersAs)
    if (refusal === undefined) return
    log.warn({ id: newcomer.id, address: newcomer.address }, `a node is not taken in: ${refusal.message}`)
    throw refusal
  }

  return {
    async gossip({ head, peer }: IncomingRequest<'gossip'>): Promise<Reply<'gossip'>> {
      const swim = access.swim()
      const newcomer = head.joining === true ? head.members.find(({ id }) => id === peer.id) : undefined
      if (newcomer !== undefined) await refuseRivals(newcomer)
      access.step({ kind: 'table', from: peer.id, members: head.members })
      void compareEpochs(peer, head.epoch)
      return { head: { members: swim.fullTable(), epoch: epoch() } }
    },

    probe({ head, peer }: IncomingRequest<'probe'>): Reply<'probe'> {
      const swim = access.swim()
      access.step({ kind: 'news', from: peer.id, members: head.changes })
      // It knows this node, from before a restart, say; this node does not know it.
      if (swim.get(peer.id) === undefined) requests.meet(peer)
      void compareEpochs(peer, head.epoch)
      return { head: { changes: swim.newsFor(peer.id), epoch: epoch() } }
    },

    async probeFor({ head }: IncomingRequest<'probeFor'>): Promise<Reply<'probeFor'>> {
      const member = access.swim().get(head.id)
      try {
        const contact = member === undefined ? strangerAt(head.address) : contactOf(member)
        const asked = requests.ask(contact, head.id).then(() => true)
        return { head: { answered: (await within(options, head.patienceMs, asked)) === true } }
      } catch (thrown) {
        log.debug({ peer: head.id, code: TorcError.from(thrown).code }, 'probe for another node failed')
        return { head: { answered: false } }
      }
    },
  }
}

/** A node that the one who asks knows and this one does not. */
function strangerAt(text: string): Contact {
  const address = parseAddress(text)
  if (address === undefined) throw new TorcError('BAD_REQUEST', 'field `address` is no address')
  return { address, member: undefined, fresh: false }
}

/** What `promise` gives, or undefined when it takes longer than `ms`. */
function within<T>(
  { clock }: Pick<MembershipOptions, 'clock'>,
  ms: number,
  promise: Promise<T>,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(undefined))
    promise.then(resolve, reject).finally(cancel)
  })
}
