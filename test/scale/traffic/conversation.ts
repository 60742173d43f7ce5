import { frameNameOf } from '@torc/protocol/messages/frame-types'
import { Unpackr } from 'msgpackr'

/** What all connections through a proxy carried since the last reset. */
export interface Traffic {
  /** Bytes of requests, of their answers and of bodies, length prefixes included. */
  bytes: number
  requests: number
  /** Requests that have no answer yet. */
  open: number
}

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true })

/**
 * One connection, seen from the middle: counts the frames of requests and answers of both directions, and which
 * requests are still open. What nodes say to each other without being asked (handshakes, liveness, gossip) is left
 * out: it depends on time, not on what was asked.
 */
export class Conversation {
  readonly #traffic: Traffic
  /** Requests of both sides: the numbers of one are odd, those of the other even. */
  readonly #open = new Set<number>()

  constructor(traffic: Traffic) {
    this.#traffic = traffic
  }

  /** A whole frame with its length prefix. */
  see(frame: Uint8Array): void {
    const [type, stream, head] = unpackr.unpack(frame.subarray(4)) as [number, number, Head]
    switch (frameNameOf(type)) {
      case 'HELLO':
      case 'WELCOME':
      case 'PING':
      case 'PONG':
      case 'GOSSIP':
        return
      case 'PUT':
      case 'GET':
      case 'DELETE':
      case 'LIST':
      case 'POST':
      case 'FETCH':
      case 'WATCH':
        this.#open.add(stream)
        this.#traffic.open++
        this.#traffic.requests++
        break
      case 'FETCH_RESP':
      case 'EVENT':
      case 'RESULT':
      case 'ERROR':
        // The answer to a request that was not counted: gossip, or one that began before counting did.
        if (!this.#open.has(stream)) return
        if (frameNameOf(type) !== 'FETCH_RESP' || head.end === true) this.#close(stream)
        break
      default:
    }
    this.#traffic.bytes += frame.length
  }

  /** The connection is over: nothing will be answered any more. */
  end(): void {
    for (const stream of [...this.#open]) this.#close(stream)
  }

  #close(stream: number): void {
    if (this.#open.delete(stream)) this.#traffic.open--
  }
}

interface Head {
  /** The last of several answers to a FETCH. */
  readonly end?: boolean
}
