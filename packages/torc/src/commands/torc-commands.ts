import type { Command } from '@torc/client/commands/command'
import { agentCommand } from './agent.js'
import { gatewayCommand } from './gateway.js'
import { initCommand } from './init.js'
import { serverCommand } from './server.js'
import { shareCommand } from './share.js'
import { upCommand } from './up.js'

/** What `torc` can do beside the client's commands: run the processes of a cluster. */
export const torcCommands: readonly Command[] = [
  upCommand,
  initCommand,
  serverCommand,
  agentCommand,
  gatewayCommand,
  shareCommand,
]
