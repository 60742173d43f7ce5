import { type Command, defineCommand } from '@torc/client/commands/command'
import { parseObjectTarget } from '@torc/client/commands/target'
import { findCredentials } from '@torc/client/config/credentials'
import { presignedLink } from '@torc/gateway/s3/signature/presigned-link'
import { TorcError } from '@torc/protocol/errors'

const weekMs = 7 * 24 * 60 * 60 * 1000

/** `torc share`: a link for somebody without an access key. Nothing is asked of the cluster: the signature is made here. */
export const shareCommand: Command = defineCommand({
  name: 'share',
  describe: 'Make a link with which anybody can read an object for a while',
  arguments: { target: { label: 'BUCKET/KEY', kind: 'target', required: true, doc: 'Object to share' } },
  options: {
    expires: {
      type: 'duration',
      default: 60 * 60 * 1000,
      min: 1_000,
      max: weekMs,
      value: 'SPAN',
      doc: 'How long the link works, a week at most',
    },
    versionId: {
      type: 'text',
      value: 'ID',
      doc: 'This version, by its whole id; else the latest at that time',
    },
    region: {
      type: 'text',
      default: 'us-east-1',
      value: 'REGION',
      doc: 'Region that the signature names; the S3 face takes any',
    },
  },
  examples: [
    { line: 'share photos/sea.jpg', does: 'prints a link that works for an hour' },
    { line: 'share photos/sea.jpg --expires 7d', does: 'prints one that works for a week, the longest' },
    {
      line: 'share photos/sea.jpg --s3 https://s3.example.org',
      does: 'makes it for an S3 face at another address',
    },
  ],
  async run({ arguments: { target }, options, settings, environment, output }) {
    const { bucket, key } = parseObjectTarget(target)
    const { expires, versionId, region } = options
    const credentials = await findCredentials(settings)
    const nowMs = environment.clock.nowMs()
    const expiresSeconds = Math.floor(expires / 1000)
    const url = presignedLink({
      ...{ bucket, key, versionId, region, expiresSeconds, nowMs, ...credentials },
      origin: originOf(settings.s3),
    })
    if (output.json) {
      const expiresAt = new Date(Math.floor(nowMs / 1000 + expiresSeconds) * 1000)
      output.record({ bucket, key, url, expiresAt })
    } else output.line(url)
    return 0
  },
})

function originOf(written: string | undefined): string {
  if (written === undefined) {
    throw new TorcError('CONFIG', 'the address of the S3 face is not known', {
      hint: 'Name it with --s3 http://HOST:PORT (or TORC_S3); `torc up` writes it into its profile.',
    })
  }
  const url = URL.canParse(written) ? new URL(written) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.username !== '')
    throw new TorcError('CONFIG', `--s3 must be http://HOST:PORT or https://HOST:PORT, not ${written}`)
  return url.origin
}
