import { TorcError } from '@torc/protocol/errors'
import { checkRegisterReads, type RegisterReadsCall } from '../../checkers/register-reads.js'
import { checkSet, type SetCall } from '../../checkers/set-full.js'
import { expectedFailure, type Task } from './calls.js'
import { Violation } from './history.js'

const setPrefix = 'set/'
const removeProbability = 0.4
const registerPrefix = 'register/'
const eraseProbability = 0.2
const contextProbability = 0.5

interface Element {
  readonly key: string
  readonly versionId: string
  /** It may have a second version, which those who saw the first one do not cover (DESIGN §4). */
  readonly mayBeTwinned: boolean
}

/**
 * Calls as they were made and answered, of keys that all clients read: a set, of which each element is a key that one
 * client adds and perhaps removes, and a register of each client. Judged at the end, by the checkers that judge clusters of
 * real processes as well.
 */
export class Records {
  readonly #nowMs: () => number
  readonly #set: SetCall[] = []
  readonly #registers = new Map<string, RegisterReadsCall[]>()
  /** Of the last write of each register that was acknowledged. */
  readonly #contexts = new Map<string, string>()
  /** Elements of a client that it may remove. */
  readonly #elements = new Map<string, Element[]>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Adds an element, or removes one. */
  async changeSet(task: Task): Promise<string> {
    const { name, random } = task
    const own = this.#elements.get(name) ?? []
    this.#elements.set(name, own)
    const old = random.chance(removeProbability) ? own.shift() : undefined
    if (old !== undefined) return await this.#remove(task, old)
    const key = `${setPrefix}${name}/${Buffer.from(random.bytes(8)).toString('hex')}`
    const isCalm = task.calm.watch()
    return await this.#change(task, 'add', key, async () => {
      const { versionId } = await task.store.put(task.bucket, key, Buffer.from(key))
      own.push({ key, versionId, mayBeTwinned: !isCalm() })
      return 'ok'
    })
  }

  /** Where others stand in for owners, a removal is sure of what it says that it removed, and of nothing else. */
  #remove(task: Task, { key, versionId, mayBeTwinned }: Element): Promise<string> {
    return this.#change(task, 'remove', key, async () => {
      const { removed } = await task.store.delete(task.bucket, key)
      return !mayBeTwinned && (task.strict || removed.includes(versionId)) ? 'ok' : 'unknown'
    })
  }

  async #change(
    { timeline }: Task,
    kind: 'add' | 'remove',
    element: string,
    make: () => Promise<'ok' | 'unknown'>,
  ): Promise<string> {
    const calledAt = this.#nowMs()
    timeline.note(`${element} ${kind} begins`)
    const note = (result: 'ok' | 'unknown'): void => {
      const returnedAt = result === 'ok' ? this.#nowMs() : undefined
      this.#set.push({ kind, element, calledAt, returnedAt, result })
      timeline.note(`${element} ${kind} is ${result}`)
    }
    try {
      note(await make())
      return 'acknowledged'
    } catch (error) {
      note('unknown')
      return expectedFailure(error)
    }
  }

  /** Lists the whole set; `final`: all is mended and nobody writes. */
  async readSet({ store, bucket }: Pick<Task, 'store' | 'bucket'>, final = false): Promise<undefined> {
    const calledAt = this.#nowMs()
    const elements: string[] = []
    for await (const entry of store.list(bucket, { prefix: setPrefix }))
      if ('key' in entry) elements.push(entry.key)
    this.#set.push({ kind: 'read', elements, calledAt, returnedAt: this.#nowMs(), final })
  }

  /** Overwrites the client's register, or erases it. */
  async writeRegister({ name, store, bucket, random, calm, timeline, load }: Task): Promise<string> {
    const key = `${registerPrefix}${name}`
    const calls = this.#callsOf(key)
    const value = random.chance(eraseProbability) ? undefined : Buffer.from(random.bytes(8)).toString('hex')
    const calledAt = this.#nowMs()
    const isCalm = calm.watch()
    const kind = value === undefined ? 'delete' : 'put'
    timeline.note(`${key} ${kind} ${value ?? ''} begins`)
    const written = { kind, ...(value === undefined ? {} : { value }), calledAt } as const
    try {
      const timeoutMs = load.patienceMs
      // Who says what it overwrites needs no read of the key's clock first: one owner that is reached takes it.
      const context = random.chance(contextProbability) ? this.#contexts.get(key) : undefined
      if (value === undefined) await store.delete(bucket, key, { timeoutMs })
      else {
        const put = await store.put(bucket, key, Buffer.from(value), { timeoutMs, context })
        this.#contexts.set(key, put.context)
      }
      calls.push({ ...written, returnedAt: this.#nowMs(), result: 'ok' })
      timeline.note(`${key} ${kind} ${value ?? ''} is acknowledged`)
      // What was tried more than once may have a second dot, which those who saw the first one do not cover (DESIGN §4).
      if (!isCalm()) calls.push({ ...written, returnedAt: undefined, result: 'unknown' })
      return 'acknowledged'
    } catch (error) {
      calls.push({ ...written, returnedAt: undefined, result: 'unknown' })
      timeline.note(`${key} ${kind} ${value ?? ''} fails: ${error}`)
      return expectedFailure(error)
    }
  }

  /** Reads the register of any client; `binding`: it must show what was acknowledged before. */
  async readRegister(
    { store, bucket }: Pick<Task, 'store' | 'bucket'>,
    client: string,
    binding: boolean,
  ): Promise<undefined> {
    const key = `${registerPrefix}${client}`
    const calledAt = this.#nowMs()
    const shown = await shownOf(store, bucket, key)
    this.#callsOf(key).push({ kind: 'read', shown, calledAt, returnedAt: this.#nowMs(), binding })
  }

  get registers(): readonly string[] {
    return [...this.#registers.keys()].sort().map(key => key.slice(registerPrefix.length))
  }

  check(): void {
    const [wrong, ...more] = checkSet(this.#set).wrong
    if (wrong !== undefined) throw new Violation(`${wrong.element} is ${wrong.problem}; ${more.length} more`)
    for (const [key, calls] of this.#registers) {
      const [bad] = checkRegisterReads(calls).wrong
      if (bad !== undefined)
        throw new Violation(
          `${key}: a read from ${bad.read.calledAt} to ${bad.read.returnedAt} ms ${bad.why}`,
        )
    }
  }

  #callsOf(key: string): RegisterReadsCall[] {
    const calls = this.#registers.get(key) ?? []
    this.#registers.set(key, calls)
    return calls
  }
}

async function shownOf(store: Task['store'], bucket: string, key: string): Promise<string | undefined> {
  try {
    const object = await store.get(bucket, key)
    return Buffer.from(await object.bytes()).toString()
  } catch (error) {
    if (error instanceof TorcError && error.code === 'KEY_NOT_FOUND') return undefined
    throw error
  }
}
