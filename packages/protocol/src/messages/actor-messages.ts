import { limits } from '../limits.js'
import * as f from './fields.js'
import { define, interactive, noBodies, nodes, senderTime } from './message.js'

/** Leases of counters, kept by a majority of the agents for each other (DESIGN §4, "Actors"). */
export const actorMessages = {
  putCounterLease: define({
    doc: 'Notes how far an agent may count as an actor. The greatest end stays. Durable before it is answered.',
    frame: 'POST',
    op: 'counter-lease',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: {
      time: senderTime,
      agent: f.note('Node id of the agent that mints as the actor', f.nodeId),
      actor: f.note('The actor', f.text(16, 1)),
      leaseEnd: f.note('Greatest counter that it may use', f.integer(1)),
    },
    response: {
      time: senderTime,
      leaseEnd: f.note('The greatest end that is noted of the actor', f.integer()),
    },
  }),
  fetchCounterLeases: define({
    doc: 'What is noted of the actors of an agent.',
    frame: 'FETCH',
    op: 'counter-leases',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: { time: senderTime, agent: f.note('Node id of the agent', f.nodeId) },
    response: {
      time: senderTime,
      leases: f.note(
        'Actor and greatest end, the newest actors first',
        f.list(f.pair(f.text(16, 1), f.integer(1)), limits.actorsListedMax),
      ),
    },
  }),
} as const
