/** How a bucket's bodies are cut into blocks. */
export const cuttingOption = {
  type: 'text',
  choices: ['fixed', 'content'],
  value: 'HOW',
  doc: 'Cut bodies into blocks of 1 MiB (fixed) or where their content says so (content)',
} as const
