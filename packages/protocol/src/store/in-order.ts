/**
 * Runs `work` on the items of `source`, up to `width` at once, and yields the answers in the order of the items,
 * each as soon as those before it are there. The first failure ends it, once all that was under way has ended;
 * so does a consumer that leaves.
 */
export async function* inOrder<T, R>(
  source: AsyncIterable<T>,
  width: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const iterator = source[Symbol.asyncIterator]()
  const underWay: Promise<R>[] = []
  let next: Promise<IteratorResult<T>> | undefined
  let more = true
  try {
    for (;;) {
      if (more && underWay.length < width) next ??= settledLater(iterator.next())
      const [first] = underWay
      if (first === undefined && next === undefined) return
      // A source that takes long (it skips most of a listing, say) must not hold back what is done.
      const firstIsDone = await isFirstDone(first, next)
      if (first !== undefined && firstIsDone) {
        yield await first
        underWay.shift()
      } else if (next !== undefined) {
        const item = await next
        next = undefined
        if (item.done === true) more = false
        else underWay.push(settledLater(work(item.value)))
      }
    }
  } finally {
    await Promise.allSettled(underWay)
    await next?.catch(() => {
      // What ended the loop is what is told.
    })
    await iterator.return?.()
  }
}

/** Awaited later: until then its failure is nobody's. */
function settledLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {
    // Whoever awaits it is told.
  })
  return promise
}

async function isFirstDone(
  first: Promise<unknown> | undefined,
  next: Promise<unknown> | undefined,
): Promise<boolean> {
  if (first === undefined || next === undefined) return first !== undefined
  return Promise.race([first.then(() => true), next.then(() => false)])
}
