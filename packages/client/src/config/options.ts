import { limits } from '@torc/protocol/limits'
import type { OptionDescriptor, OptionsOf, OptionTable, OptionType } from './option.js'

/** Checks descriptors while their exact types stay known. */
export function defineOptions<const T extends Record<string, OptionDescriptor<OptionType>>>(table: T): T {
  return Object.freeze(table)
}

/** The options of every command. */
export const globalOptions = defineOptions({
  server: {
    type: 'list',
    default: ['127.0.0.1:7400'],
    value: 'HOST:PORT[,HOST:PORT]',
    doc: 'Servers to talk to; requests go to all that answer, and go on elsewhere when one fails',
  },
  profile: { type: 'text', value: 'NAME', doc: 'Profile to use instead of `local`' },
  accessKey: {
    type: 'text',
    value: 'ID',
    doc: 'Access key; its secret comes from TORC_SECRET_KEY, the credentials file or a prompt',
  },
  secretKey: { type: 'text', flag: null, environment: 'TORC_SECRET_KEY', doc: 'Secret of the access key' },
  credentials: {
    type: 'path',
    value: 'FILE',
    doc: 'File with {"accessKey","secretKey"}, readable by its owner only',
  },
  s3: { type: 'text', value: 'URL', doc: 'Address of the S3 face, for the links of torc share' },
  json: { type: 'boolean', doc: 'One JSON object per line, errors too' },
  quiet: { type: 'boolean', doc: 'Print data and errors only' },
  progress: { type: 'boolean', default: true, doc: 'Show no progress, also on a terminal' },
  logLevel: {
    type: 'text',
    default: 'warn',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    doc: 'How much to log',
  },
  timeout: {
    type: 'duration',
    default: limits.requestMs,
    unit: 'seconds, or 500ms, 2m …',
    min: 1,
    max: limits.requestMsMax,
    value: 'TIME',
    doc: 'Deadline of a request; of each step without progress where a body streams',
  },
  tls: { type: 'boolean', doc: 'Speak TLS to the servers' },
  tlsCa: { type: 'path', value: 'FILE', doc: 'Certificates to trust (PEM); implies --tls' },
  tlsCert: { type: 'path', value: 'FILE', doc: 'Own certificate (PEM); implies --tls' },
  tlsKey: { type: 'path', value: 'FILE', doc: 'Key of the own certificate (PEM)' },
} satisfies OptionTable)

export type GlobalOptions = OptionsOf<typeof globalOptions>
