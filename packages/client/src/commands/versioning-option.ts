/** What becomes of a bucket's versions that are replaced. */
export const versioningOption = {
  type: 'text',
  choices: ['enabled', 'suspended', 'unversioned'],
  value: 'HOW',
  doc: 'Keep versions that are replaced (enabled), or replace what was written so itself (suspended, unversioned)',
} as const
