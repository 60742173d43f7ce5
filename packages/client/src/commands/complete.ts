import { complete as candidatesFor } from '../repl/completer.js'
import { completionSources } from '../repl/completion-sources.js'
import { top } from '../repl/location.js'
import { defineCommand } from './command.js'

/** Called by the scripts of `completion`: prints what the last word may become, one candidate a line. */
export const complete = defineCommand({
  name: 'complete',
  describe: 'Print the candidates for the last of the given words',
  arguments: {},
  options: {},
  examples: [],
  only: 'cli',
  hidden: true,
  takesRest: true,
  async run(context) {
    const words = context.rest
    const offered = context.commands.filter(({ only }) => only !== 'shell')
    const sources = completionSources(context, offered, top, context.directory)
    // The system's shell completes local paths better itself.
    const remoteOnly = { ...sources, files: async () => [] }
    for (const candidate of await candidatesFor(words.slice(0, -1), words.at(-1) ?? '', remoteOnly)) {
      context.output.line(candidate)
    }
    return 0
  },
})
