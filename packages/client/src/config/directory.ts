import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Variables } from './resolve.js'

/** Where profiles and the history live: TORC_CONFIG_DIR, else the XDG folder, else ~/.config/torc. */
export function configDirectory(variables: Variables = process.env): string {
  const own = variables.TORC_CONFIG_DIR
  if (own !== undefined && own !== '') return own
  const xdg = variables.XDG_CONFIG_HOME
  // XDG Base Directory: a relative path is to be ignored.
  const base = xdg?.startsWith('/') ? xdg : join(variables.HOME ?? homedir(), '.config')
  return join(base, 'torc')
}
