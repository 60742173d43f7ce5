/** How a bucket's new blocks are kept. */
export const compressionOption = {
  type: 'text',
  choices: ['none', 'brotli'],
  value: 'HOW',
  doc: 'Keep new blocks compressed (brotli) where that saves a tenth or more, or as they are (none)',
} as const
