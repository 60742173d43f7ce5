/** How often a line is renewed, on a terminal in place, and how often one is added elsewhere. */
const renewMs = 200
const addMs = 10_000

/** Says on standard error how far a part of the work is. */
export function progressOf(stream: NodeJS.WriteStream = process.stderr) {
  return (what: string, count: number): ((done: number) => void) => {
    const startedMs = performance.now()
    let shownMs = startedMs
    return done => {
      const nowMs = performance.now()
      if (nowMs - shownMs < (stream.isTTY ? renewMs : addMs) && done < count) return
      shownMs = nowMs
      const rate = (done * 1000) / (nowMs - startedMs)
      const text = `${what}: ${done} of ${count}, ${rate.toFixed(0)}/s`
      if (!stream.isTTY) stream.write(`${text}\n`)
      else stream.write(`\r${text}\u001b[K${done === count ? '\n' : ''}`)
    }
  }
}
