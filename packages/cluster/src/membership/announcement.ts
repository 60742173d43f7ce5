import { TorcError } from '@torc/protocol/errors'
import { type Address, parseAddress } from '@torc/protocol/transport/transport'
import { type Member, takesPart } from './member.js'

/**
 * Why a node that announces itself is refused: CONFLICT where another process still answers under its id (a data
 * directory that was copied), or an agent under its name. A node that moved is taken in: nobody answers at its old
 * address. `answersAs` tells the id of the node that listens at an address; undefined where none does.
 */
export async function refusalOf(
  newcomer: Member,
  self: Member,
  members: readonly Member[],
  answersAs: (address: Address) => Promise<string | undefined>,
): Promise<TorcError | undefined> {
  const rivals = members.filter(member => takesPart(member) && isRival(newcomer, member))
  for (const rival of rivals) {
    const address = parseAddress(rival.address)
    const answers = rival.id === self.id || (address !== undefined && (await answersAs(address)) === rival.id)
    if (answers) return conflict(newcomer, rival)
  }
  return undefined
}

/** Servers may have the same name: they keep nothing, and get a new id at each start. */
function isRival(newcomer: Member, member: Member): boolean {
  if (member.id === newcomer.id) return member.address !== newcomer.address
  return newcomer.role === 'agent' && member.role === 'agent' && member.name === newcomer.name
}

function conflict(newcomer: Member, rival: Member): TorcError {
  if (rival.id === newcomer.id)
    return new TorcError('CONFLICT', `${rival.role} ${rival.id} runs already, at ${rival.address}`, {
      hint: 'Two processes must not use one data directory or a copy of it. Stop one of them, or give this one a directory of its own (--data).',
      details: { address: rival.address },
    })
  return new TorcError(
    'CONFLICT',
    `the name ${rival.name} is in use by agent ${rival.id} at ${rival.address}`,
    {
      hint: 'Give this agent another name (--name), or stop the other one.',
      details: { address: rival.address },
    },
  )
}
