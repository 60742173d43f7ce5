import { defineCommand } from './command.js'

const shells = ['bash', 'zsh', 'fish'] as const

export const completion = defineCommand({
  name: 'completion',
  describe: "Print a script that completes torc's words in your shell",
  arguments: {
    shell: {
      label: 'bash|zsh|fish',
      kind: 'word',
      required: true,
      choices: shells,
      doc: 'Which shell it is for',
    },
  },
  options: {},
  only: 'cli',
  examples: [
    { line: 'completion bash >> ~/.bashrc', does: 'completes commands, options, buckets and keys in bash' },
    { line: 'completion fish > ~/.config/fish/completions/torc.fish', does: 'the same for fish' },
  ],
  async run({ arguments: { shell }, output, program }) {
    output.line(scripts[shell as (typeof shells)[number]](program))
    return 0
  },
})

const scripts = {
  bash: (program: string) => `_${identifier(program)}() {
  local IFS=$'\\n'
  COMPREPLY=($(${program} complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == */ ]] && compopt -o nospace
}
complete -o default -F _${identifier(program)} ${program}`,
  zsh: (program: string) => `#compdef ${program}
_${identifier(program)}() {
  local -a candidates
  candidates=("\${(@f)$(${program} complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  candidates=(\${candidates:#})
  if (( \${#candidates} )); then compadd -S '' -a candidates; else _files; fi
}
compdef _${identifier(program)} ${program}`,
  fish: (program: string) => `function __${identifier(program)}_candidates
  set -l words (commandline -opc) (commandline -ct)
  ${program} complete -- $words[2..-1] 2>/dev/null
end
complete -c ${program} -a '(__${identifier(program)}_candidates)'`,
} as const

const identifier = (program: string): string => program.replace(/[^A-Za-z0-9]/g, '_')
