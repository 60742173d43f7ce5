/**
 * What the failure detector goes by, in one place; docs/decisions/0023 says why. Milliseconds of a node's own time
 * (see `own-time.ts`) unless said otherwise.
 */
export const membershipParameters = Object.freeze({
  /** Time between two looks at what is due. Real time. */
  tickMs: 100,
  /** A look that comes so much late shows that the process did not run, or not enough. Real time. */
  tickToleranceMs: 100,
  /** Lost time that counts as a sign of bad local health (Lifeguard §IV-A, fed by the lag of the event loop). */
  lagMs: 500,
  /** After this much lost time the news of the others is asked for at once. */
  longAbsenceMs: 2_000,

  /** One member is probed in each period (SWIM §3.1). */
  periodMs: 1_000,
  /** Patience with the direct probe; the rest of the period is for indirect ones. */
  probeTimeoutMs: 500,
  /** Members that are asked to probe one that did not answer (SWIM §3.1: k). */
  indirectProbes: 3,
  /** Part of the rest of the period that such a member may take, so that its "no" comes in time. */
  indirectShare: 0.8,
  /** Greatest local health score; period and patience are stretched by 1 + score (Lifeguard §IV-A: S). */
  healthMax: 8,

  /** Shortest time of suspicion for up to ten members; grows with their logarithm (Lifeguard §IV-B: α). */
  suspicionMs: 4_000,
  /** Longest, in shortest ones: for who is alone with its suspicion (Lifeguard §IV-B: β). */
  suspicionFactorMax: 3,
  /** Independent confirmations that make it the shortest (Lifeguard §IV-B: K). */
  confirmations: 2,

  /** A piece of news is told λ·⌈log10(n + 1)⌉ times (SWIM §4.1). */
  retransmitFactor: 4,

  /** Between two full exchanges with a member chosen at random, a tenth more or less. */
  exchangeMs: 30_000,
  /** Between two attempts to find a member again that is down or left. */
  lostMemberMs: 5_000,
  /** Between two looks at addresses to join at, while nobody is known, and while somebody is. */
  joinMs: 1_000,
  strangersMs: 10_000,
  /** A server that is down or left is forgotten after this time: it never comes back under its id. */
  forgetMs: 600_000,

  // The requests that carry all this, in real time. Whether an answer came in time is judged in own time.

  /** Patience with a probe's answer: longer than the longest period. */
  probeRequestMs: 10_000,
  /** Patience with a full exchange. */
  exchangeRequestMs: 5_000,
  /** Patience with whoever answers already under a newcomer's id or name. */
  rivalMs: 1_500,
  /** Members that are told good-bye, and patience with them. */
  farewells: 8,
  farewellMs: 500,
  /** An address that refused this node is not asked again for this long. */
  refusedMs: 30_000,
})

export type MembershipParameters = typeof membershipParameters
