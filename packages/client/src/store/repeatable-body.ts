/**
 * A streamed body that can be read from its beginning as often as needed (a file, say), so that a put of it
 * may be sent again when a connection breaks. Any other iterable is sent again only if nothing of it was read.
 */
export class RepeatableBody implements AsyncIterable<Uint8Array> {
  readonly #open: () => AsyncIterable<Uint8Array>

  constructor(open: () => AsyncIterable<Uint8Array>) {
    this.#open = open
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#open()[Symbol.asyncIterator]()
  }
}
