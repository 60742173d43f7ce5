/**
 * The child's side of a worker process: it answers commands of its parent over Node's own IPC channel, so
 * that the load and the processes under load never share an event loop with the harness.
 */

/** What a worker can do: one argument in, a value or a promise out. Both must survive structured cloning. */
export type Commands = Record<string, (argument: never) => unknown>

export interface CommandMessage {
  readonly id: number
  readonly command: string
  readonly argument: unknown
}

export type ReplyMessage =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string }

/** Serves `commands` until the parent disconnects (also when it dies), then ends the process. */
export function serveWorker(commands: Commands): void {
  process.on('message', (message: CommandMessage) => void answer(commands, message))
  process.on('disconnect', () => process.exit(0))
}

async function answer(commands: Commands, { id, command, argument }: CommandMessage): Promise<void> {
  let reply: ReplyMessage
  try {
    const run = commands[command]
    if (run === undefined) throw new Error(`no such command: ${command}`)
    reply = { id, value: await run(argument as never) }
  } catch (error) {
    reply = { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
  process.send?.(reply)
}
