/** Items of a tree that are under way at once, all on one connection. */
export const treeWidth = 16

/**
 * Runs `work` on each item of `source`, up to `width` at once. The first error that `work` throws (it handles
 * those it can) stops the rest and is thrown when all that was under way has ended.
 */
export async function inParallel<T>(
  source: Iterable<T> | AsyncIterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  let failure: { readonly error: unknown } | undefined
  const worker = async (): Promise<void> => {
    while (failure === undefined) {
      try {
        const next = await iterator.next()
        if (next.done === true) return
        await work(next.value)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  const workers = Array.isArray(source) ? Math.min(width, source.length) : width
  await Promise.all(Array.from({ length: workers }, worker))
  if (failure === undefined) return
  await iterator.return?.()
  throw failure.error
}
