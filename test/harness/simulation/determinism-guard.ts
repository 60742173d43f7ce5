import crypto from 'node:crypto'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers'

/** A call that a seed does not determine, and where it came from. */
export interface Leak {
  readonly what: string
  /** First place in the project's own code. */
  readonly where: string
}

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown
type Holder = Record<string, unknown>

/** What production code under simulation must not call: time, timers, randomness and real I/O. */
const watched: readonly (readonly [name: string, holder: object, methods: readonly string[]])[] = [
  ['Date', Date, ['now']],
  ['performance', performance, ['now']],
  ['Math', Math, ['random']],
  ['process', process, ['hrtime', 'uptime']],
  ['AbortSignal', AbortSignal, ['timeout']],
  ['globalThis', globalThis, ['setTimeout', 'setInterval', 'setImmediate']],
  ['timers', timers, ['setTimeout', 'setInterval', 'setImmediate']],
  [
    'crypto',
    crypto,
    ['randomBytes', 'randomFill', 'randomFillSync', 'randomUUID', 'randomInt', 'pbkdf2', 'scrypt', 'hkdf'],
  ],
  ['webcrypto', crypto.webcrypto, ['getRandomValues', 'randomUUID']],
  ['fs', fs, ['readFileSync', 'writeFileSync', 'openSync', 'readFile', 'writeFile', 'open']],
  ['fs.promises', fs.promises, ['readFile', 'writeFile', 'open', 'readdir', 'rename', 'stat']],
]

/**
 * Notes calls of what would make a run depend on more than its seed, while `body` runs. Calls are passed on: one run
 * then shows all leaks. It changes globals for that time, so only one guard can be up at once.
 */
export async function watchForLeaks<T>(
  body: () => Promise<T>,
): Promise<{ value: T; leaks: readonly Leak[] }> {
  const leaks = new Map<string, Leak>()
  const restore: (() => void)[] = []
  for (const [name, holder, methods] of watched) {
    for (const method of methods) restore.push(replace(holder as Holder, method, `${name}.${method}`, leaks))
  }
  restore.push(replaceDate(leaks))
  syncBuiltinESMExports()
  try {
    return { value: await body(), leaks: [...leaks.values()] }
  } finally {
    for (const undo of restore.reverse()) undo()
    syncBuiltinESMExports()
  }
}

function replace(holder: Holder, method: string, what: string, leaks: Map<string, Leak>): () => void {
  const original = holder[method]
  if (typeof original !== 'function') return () => {}
  const own = Object.getOwnPropertyDescriptor(holder, method)
  const wrapped: AnyFunction = function (...args) {
    note(what, leaks)
    return (original as AnyFunction).apply(this, args)
  }
  Object.defineProperty(holder, method, {
    // Promisified forms and the like hang on the function itself.
    value: Object.assign(wrapped, original),
    configurable: true,
    writable: true,
    enumerable: own?.enumerable ?? false,
  })
  return () => {
    if (own === undefined) delete holder[method]
    else Object.defineProperty(holder, method, own)
  }
}

/** `new Date()` without arguments reads the clock too. */
function replaceDate(leaks: Map<string, Leak>): () => void {
  const original = globalThis.Date
  globalThis.Date = new Proxy(original, {
    construct(target, args, newTarget) {
      if (args.length === 0) note('new Date()', leaks)
      return Reflect.construct(target, args, newTarget) as object
    },
  })
  return () => {
    globalThis.Date = original
  }
}

function note(what: string, leaks: Map<string, Leak>): void {
  const where = callerOf(new Error().stack ?? '')
  // Only the project's own calls count: the test runner and Node itself may read their clocks.
  if (where !== undefined) leaks.set(`${what} ${where}`, { what, where })
}

function callerOf(stack: string): string | undefined {
  const frames = stack.split('\n').slice(3)
  // The immediate caller decides: a library that Torc calls is Torc's doing, the test runner's timers are not.
  const nearest = frames.find(frame => !frame.includes('node:internal'))
  // Loading a module (a native one is looked for, the first time) is no I/O of the code either.
  if (nearest === undefined || frames[0]?.includes('node:internal/modules')) return undefined
  if (/\/(@tapjs|tap|bindings)\//.test(nearest)) return undefined
  const own = frames.find(frame => /\/packages\/[\w-]+\/(build\/)?src\//.test(frame))
  const match = own === undefined ? null : /packages\/[^)]+/.exec(own)
  return match?.[0].replace(/:\d+$/, '')
}
