/**
 * Whether a link stays in the folder. Nobody follows links here, but other programs do, and a link may come from another
 * machine: none may lead out. `..` is allowed at the front only, where it is counted from a real folder: behind a name
 * it could be that of another link, and lead anywhere.
 */
export function linkStaysInside(name: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0')) return false
  // A drive or a path from the root on Windows, where the link may arrive.
  if (/^[A-Za-z]:|^\\/.test(target)) return false
  const parts = target.split('/').filter(part => part !== '' && part !== '.')
  const down = parts.findIndex(part => part !== '..')
  const up = down < 0 ? parts.length : down
  const depth = name.split('/').length - 1
  return up <= depth && !parts.slice(up).includes('..')
}

export const linkLeads = {
  reason: 'the link leads out of the folder, or may do so',
  hint: 'Make it a relative link to something in the folder, or name it in .torcignore.',
} as const
