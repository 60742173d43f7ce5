/**
 * What a loop that looks at live processes waits before it looks again. A loop without a pause takes the processor from
 * those that it waits for. `pauseMs`: less for what is over soon.
 */
export function beforeNextLook(pauseMs = 25): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, pauseMs))
}
