import type { Plan } from './step.js'
export function tooManyDeletes(
  plan: Plan,
  syncedFiles: number,
): undefined | { side: 'local' | 'remote'; deletes: number; of: number } {
  for (const [side, does] of [
    ['local', 'removeLocal'],
    ['remote', 'removeRemote'],
  ] as const) {
    const deletes = plan.steps.filter(s => s.does === does && !s.name.endsWith('/')).length
    if (deletes > syncedFiles / 2 && (deletes >= 10 || (deletes === syncedFiles && deletes > 1)))
      return { side, deletes, of: syncedFiles }
  }
  return undefined
}
