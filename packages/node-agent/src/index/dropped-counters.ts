import type { ActorId } from '@torc/cluster/clocks/dot'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'

/**
 * One durable number per partition and own actor: the highest counter in anything of the partition that this agent
 * dropped other than by collection. A later dot's `after` is at least this: newcomers must not believe that they
 * have seen what was dropped (DESIGN §4, "Deltas and gaps").
 */
export class DroppedCounters {
  readonly #counters = new Map<string, number>()
  readonly #save: SqlStatement

  constructor(database: SqlDatabase) {
    this.#save = database.prepare(
      `INSERT INTO dropped_counters (partition, actor, counter) VALUES (?, ?, ?)
       ON CONFLICT (partition, actor) DO UPDATE SET counter = max(counter, excluded.counter)`,
    )
    const rows = database.prepare('SELECT partition, actor, counter FROM dropped_counters').all()
    for (const row of rows as { partition: number; actor: string; counter: number }[]) {
      this.#counters.set(nameOf(row.partition, row.actor), row.counter)
    }
  }

  of(partition: number, actor: ActorId): number {
    // Most agents have never dropped anything; this is on the path of every mint.
    return this.#counters.size === 0 ? 0 : (this.#counters.get(nameOf(partition, actor)) ?? 0)
  }

  /**
   * Only inside a transaction. The memory's value may stay too high when it is undone, which is safe; so it never tells
   * that the disk has it: what is done again after that writes again.
   */
  raise(partition: number, actor: ActorId, counter: number): void {
    this.#save.run(partition, actor, counter)
    if (counter > this.of(partition, actor)) this.#counters.set(nameOf(partition, actor), counter)
  }
}

function nameOf(partition: number, actor: string): string {
  return `${partition}:${actor}`
}
