import type { TorcError } from '@torc/protocol/errors'
import { count, formatBytes, printable } from '../output/format.js'
import type { Progress } from '../output/progress.js'
import type { SyncObserver, SyncReport } from '../sync/engine/report.js'
import type { Plan, Problem, Step } from '../sync/plan/step.js'
import type { Session } from '../sync/sync-folder.js'
import type { CommandContext } from './command.js'

/** Steps of a pass of which each has a line on a terminal; of more only the sum is told. */
const linesMax = 20

const words: Readonly<Record<Step['does'], string>> = {
  upload: 'up',
  download: 'down',
  makeFolder: 'down',
  removeLocal: 'removed here',
  removeRemote: 'removed there',
  adopt: 'level',
  forget: 'forgotten',
  resolve: 'conflict',
  giveWay: 'conflict',
}

/** Steps that people don't see: only the journal learns something. */
const silent: ReadonlySet<Step['does']> = new Set<Step['does']>(['adopt', 'forget'])

/** Says what a sync does: lines and a progress line on a terminal, tab-separated lines on a pipe, JSON. */
export class SyncVoice implements SyncObserver {
  readonly #context: CommandContext
  #progress: Progress | undefined
  #many = false
  #bytes = 0
  /** Problems that were told already: each once. */
  #told = new Set<string>()
  #troubled = false
  #ran = false

  constructor(context: CommandContext) {
    this.#context = context
  }

  opened(directory: string, place: string, opened: Session): void {
    const { output } = this.#context
    const { client, session, newClient, newSession } = opened
    if (output.json) {
      output.record({ event: 'opened', directory, place, client, session, newClient, newSession })
      return
    }
    output.note(`${directory} and ${place} are kept the same`)
    output.note(`client ${client}${newClient ? ' (new: name it with --id on other machines)' : ''}`)
    output.note(`session ${session}${newSession ? ' (new)' : ''}`)
    this.#progress = this.#context.progress.start({ label: 'looking', files: 0, unit: 'names' })
  }

  planned({ steps, problems }: Plan): void {
    this.end()
    const { output } = this.#context
    const seen = steps.filter(({ does }) => !silent.has(does))
    for (const step of seen) {
      if (output.json) output.record({ event: 'plan', does: step.does, name: step.name, why: step.why })
      else output.line([words[step.does], printable(step.name), step.why].join('\t'))
    }
    for (const problem of problems) this.#problem(problem)
    output.note(
      seen.length === 0 ? 'both sides are level' : `${count(seen.length, 'step')}; nothing was done`,
    )
  }

  onFound(names: number): void {
    for (let i = 0; i < names; i++) this.#progress?.file()
    this.#progress?.grow(0, names)
  }

  /** Updates come in batches, which say how many they are. */
  onChanges(names: number): void {
    if (this.#context.output.json) this.#context.output.record({ event: 'changes', names })
  }

  onPlan(steps: readonly Step[]): void {
    this.#progress?.end()
    const seen = steps.filter(({ does }) => !silent.has(does))
    this.#many = seen.length > linesMax
    const bytes = steps.reduce((sum, step) => sum + bytesOf(step), 0)
    this.#progress = this.#context.progress.start({ label: 'syncing', files: seen.length, bytes })
  }

  onBytes(bytes: number): void {
    this.#bytes += bytes
    this.#progress?.bytes(bytes)
  }

  onStep(step: Step): void {
    if (silent.has(step.does)) return
    const { output } = this.#context
    this.#progress?.file()
    if (output.json) output.record({ event: 'step', does: step.does, name: step.name, why: step.why })
    else if (output.mode === 'plain') output.line([words[step.does], printable(step.name)].join('\t'))
    else if (!this.#many)
      this.#above(() => output.summary(`${words[step.does].padEnd(13)}  ${printable(step.name)}`))
  }

  onConflict(name: string, conflictName: string): void {
    const { output } = this.#context
    if (output.json) output.record({ event: 'conflict', name, conflictName })
    else
      this.#above(() =>
        output.note(`both sides changed ${printable(name)}: the other one is ${printable(conflictName)}`),
      )
  }

  /** After a run. */
  ran(report: SyncReport): void {
    this.end()
    this.#troubled = false
    const { output } = this.#context
    const { uploaded, downloaded, removedLocally, removedRemotely, files, conflicts, problems, left } = report
    const removed = removedLocally + removedRemotely
    for (const problem of [...problems, ...left]) this.#problem(problem)
    // The first run says in any case that all is level; later ones only where they did something.
    const isFirst = !this.#ran
    this.#ran = true
    if (!isFirst && uploaded + downloaded + removed + conflicts.length === 0) return
    if (output.json) {
      const counts = { files, uploaded, downloaded, removedLocally, removedRemotely }
      output.record({ event: 'level', ...counts, conflicts: conflicts.length, left: left.length })
      return
    }
    const parts = [`${uploaded} up`, `${downloaded} down`, `${removed} removed`]
    if (conflicts.length > 0) parts.push(count(conflicts.length, 'conflict'))
    if (left.length > 0) parts.push(`${left.length} left`)
    const said = `${parts.join(', ')}, ${formatBytes(this.#bytes)}; ${count(files, 'file')} synced`
    if (output.mode === 'plain') output.note(said)
    else output.summary(said)
    this.#bytes = 0
  }

  trouble(error: TorcError): void {
    this.end()
    if (this.#troubled) return
    this.#troubled = true
    this.warn(`${error.message}; trying again`)
  }

  warn(message: string): void {
    const { output } = this.#context
    if (output.json) output.record({ event: 'warning', message })
    else this.#above(() => output.note(printable(message)))
  }

  end(): void {
    this.#progress?.end()
    this.#progress = undefined
  }

  #problem({ name, message, hint }: Problem): void {
    const line = `${name}\n${message}`
    if (this.#told.has(line)) return
    this.#told.add(line)
    const { output } = this.#context
    if (output.json) output.record({ event: 'problem', name, message, hint })
    else output.note(`not synced: ${printable(name)}: ${message}. ${hint}`)
  }

  #above(print: () => void): void {
    if (this.#progress === undefined) print()
    else this.#progress.above(print)
  }
}

function bytesOf(step: Step): number {
  if (step.does === 'upload' && step.from === undefined) return step.local.content.size
  return step.does === 'download' && step.from === undefined ? step.head.content.size : 0
}
