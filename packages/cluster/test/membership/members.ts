import type { Member } from '../../src/membership/member.js'
import { Swim } from '../../src/membership/swim.js'
import type { SwimAction, SwimEvent } from '../../src/membership/swim-events.js'
import { seededRandom } from '../support/seeded-random.js'

export function member(id: string, overrides: Partial<Member> = {}): Member {
  return {
    id,
    name: id,
    role: 'agent',
    address: `${id}:1`,
    zone: '',
    capacity: 0,
    incarnation: 1,
    state: 'alive',
    ...overrides,
  }
}

/** The machine of the node `me` that knows `others`, and time for it: a tick every 100 ms, as the driver gives it. */
export class SwimRun {
  readonly swim: Swim
  nowMs = 0

  constructor(others: readonly string[], seed = 1) {
    this.swim = new Swim(member('me'), seededRandom(seed), 0)
    this.news(...others.map(id => member(id)))
  }

  step(event: SwimEvent): SwimAction[] {
    return this.swim.step(event, this.nowMs)
  }

  news(...members: Member[]): SwimAction[] {
    return this.step({ kind: 'news', from: members[0]?.id ?? 'me', members })
  }

  /** Ticks for `ms`; `answer` may bring events for the actions of each. */
  run(ms: number, answer: (action: SwimAction) => SwimEvent | undefined = () => undefined): SwimAction[] {
    const all: SwimAction[] = []
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += 100
      const waiting = this.step({ kind: 'tick' })
      for (let action = waiting.shift(); action !== undefined; action = waiting.shift()) {
        all.push(action)
        const event = answer(action)
        if (event !== undefined) waiting.push(...this.step(event))
      }
    }
    return all
  }

  /** Time passes in which the process does not run. */
  pause(ms: number): void {
    this.nowMs += ms
  }

  stateOf(id: string): string {
    const known = this.swim.get(id)
    return known === undefined ? 'unknown' : `${known.state} ${known.incarnation}`
  }
}

export function kindsOf(actions: readonly SwimAction[]): string[] {
  return actions.map(({ kind }) => kind)
}
