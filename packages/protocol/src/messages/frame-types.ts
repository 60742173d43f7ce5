/** Numbers of the frames. Explicit, append-only, never reused. */
export const frameType = {
  HELLO: 1,
  WELCOME: 2,
  PUT: 3,
  GET: 4,
  DELETE: 5,
  LIST: 6,
  POST: 7,
  FETCH: 8,
  FETCH_RESP: 9,
  GOSSIP: 10,
  RESULT: 11,
  ERROR: 12,
  DATA: 13,
  END: 14,
  CREDIT: 15,
  CANCEL: 16,
  WATCH: 17,
  EVENT: 18,
  PING: 19,
  PONG: 20,
} as const

export type FrameName = keyof typeof frameType
export type FrameType = (typeof frameType)[FrameName]

/** The frame in which a request of this type is answered, where it is no ERROR. */
export function answerFrameOf(request: FrameName): 'RESULT' | 'FETCH_RESP' | 'EVENT' {
  if (request === 'FETCH') return 'FETCH_RESP'
  return request === 'WATCH' ? 'EVENT' : 'RESULT'
}

const names = new Map<number, FrameName>((Object.keys(frameType) as FrameName[]).map(n => [frameType[n], n]))

export function frameNameOf(type: number): FrameName | undefined {
  return names.get(type)
}

/** Who a peer is. `gateway` is reserved for stand-alone HTTP faces. */
export const roles = ['client', 'server', 'agent', 'gateway'] as const
export type Role = (typeof roles)[number]

/** "a server", "an agent", for messages. */
export function article(role: Role): string {
  return role === 'agent' ? 'an agent' : `a ${role}`
}
