import { defineOptions } from '@torc/client/config/options'

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/** Options that `torc server` and `torc agent` share. TLS is among the options of every command. */
export const nodeOptions = defineOptions({
  listen: {
    type: 'text',
    value: 'HOST:PORT',
    doc: 'Address to listen at; port 0 = one that the system chooses',
  },
  advertise: {
    type: 'text',
    value: 'HOST:PORT',
    doc: 'Address under which others reach it, where it differs',
  },
  join: { type: 'list', value: 'HOST:PORT[,…]', doc: 'Any live node of the cluster; the rest is found' },
  name: { type: 'text', value: 'NAME', doc: "First part of the node's id; no two agents have the same" },
  clusterSecretFile: { type: 'path', value: 'FILE', doc: 'Cluster secret that `torc init` made' },
  shell: { type: 'boolean', doc: 'Open the REPL in this terminal' },
  logLevel: {
    type: 'text',
    choices: logLevels,
    doc: 'How much to log; info when absent, warn beside the REPL',
  },
})
