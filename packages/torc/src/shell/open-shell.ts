import { Session } from '@torc/client/cli/session'
import type { CommandContext } from '@torc/client/commands/command'
import { resolveOptions } from '@torc/client/config/resolve'
import { TorcError } from '@torc/protocol/errors'
import { deriveRootKey } from '@torc/protocol/handshake/root-key'

export interface ShellTarget {
  readonly servers: readonly string[]
  /** The cluster's secret, which the root key comes from. */
  readonly secret: Uint8Array
}

/** Opens the REPL of the client in this terminal, as root; resolves with its exit status when it is left. */
export async function openShell(context: CommandContext, target: ShellTarget): Promise<number> {
  const shell = context.commands.find(({ name }) => name === 'shell')
  if (shell === undefined) throw new TorcError('INTERNAL', 'this program has no shell')
  const { accessKey, secretKey } = deriveRootKey(target.secret)
  const settings = { ...context.settings, server: [...target.servers], accessKey, secretKey }
  const { io, environment, signal } = context
  const session = new Session({ io, settings, environment, signal })
  try {
    const inner: CommandContext = {
      ...context,
      arguments: {},
      rest: [],
      options: resolveOptions(shell.options, { variables: {} }),
      settings,
      output: session.output,
      progress: session.progress,
      store: () => session.store(),
    }
    return (await shell.run(inner)) ?? 0
  } finally {
    await session.close()
  }
}
