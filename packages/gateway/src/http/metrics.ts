import { Counter, Gauge, Histogram, Registry } from 'prom-client'

const knownMethods = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'])

/** What one request came to. */
export interface RequestFacts {
  readonly face: string
  readonly method: string
  /** 0 = the client was gone before there was an answer. */
  readonly status: number
  readonly ms: number
  readonly receivedBytes: number
  readonly sentBytes: number
}

/** Counts of all ports of a gateway, in a registry of its own: two gateways of one process do not mix. */
export class HttpMetrics {
  readonly registry = new Registry()
  readonly #requests: Counter<'face' | 'method' | 'status'>
  readonly #seconds: Histogram<'face' | 'method'>
  readonly #bytes: Counter<'face' | 'direction'>
  readonly #open: Gauge<'face'>
  readonly #active: Gauge<'face'>
  readonly #refused: Counter<'face' | 'why'>

  constructor() {
    const registers = [this.registry]
    this.#requests = new Counter({
      name: 'torc_http_requests_total',
      help: 'Requests that were answered (status 0: the client was gone before)',
      labelNames: ['face', 'method', 'status'],
      registers,
    })
    this.#seconds = new Histogram({
      name: 'torc_http_request_duration_seconds',
      help: 'From the headers of a request to the last byte of its answer',
      labelNames: ['face', 'method'],
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100],
      registers,
    })
    this.#bytes = new Counter({
      name: 'torc_http_bytes_total',
      help: 'Bytes of requests and answers, headers too',
      labelNames: ['face', 'direction'],
      registers,
    })
    this.#open = new Gauge({
      name: 'torc_http_connections',
      help: 'Connections that are open',
      labelNames: ['face'],
      registers,
    })
    this.#active = new Gauge({
      name: 'torc_http_requests_active',
      help: 'Requests under way',
      labelNames: ['face'],
      registers,
    })
    this.#refused = new Counter({
      name: 'torc_http_refused_total',
      help: 'Connections that were cut: malformed or slow ones, or too many',
      labelNames: ['face', 'why'],
      registers,
    })
  }

  connection(face: string, change: 1 | -1): void {
    this.#open.inc({ face }, change)
  }

  began(face: string): void {
    this.#active.inc({ face })
  }

  ended({ face, method, status, ms, receivedBytes, sentBytes }: RequestFacts): void {
    // Labels come from a fixed set: nobody makes series by inventing methods.
    const known = knownMethods.has(method) ? method : 'OTHER'
    this.#active.dec({ face })
    this.#requests.inc({ face, method: known, status: String(status) })
    this.#seconds.observe({ face, method: known }, ms / 1000)
    this.#bytes.inc({ face, direction: 'received' }, receivedBytes)
    this.#bytes.inc({ face, direction: 'sent' }, sentBytes)
  }

  refused(face: string, why: 'malformed' | 'slow' | 'crowded'): void {
    this.#refused.inc({ face, why })
  }
}
