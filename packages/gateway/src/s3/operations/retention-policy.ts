import { S3Error } from '../errors/s3-error.js'
import { answerEmpty, answerXml } from '../response/answer.js'
import type { S3Call } from '../s3-call.js'

/** The retention policy of the bucket or key: which one is in force, whose it is, and what the target itself says. */
export async function torcGetPolicy(call: S3Call): Promise<void> {
  const { policy, from, own } = await call.store.policy(targetOf(call), call.options)
  const document = [
    ['Policy', policy],
    ['From', from],
    ['Own', own],
  ] as const
  answerXml(call, ['RetentionPolicy', document], { 'x-torc-policy': policy })
}

/** Sets what the header `x-torc-policy` says. It acts with the next write. */
export async function torcPutPolicy(call: S3Call): Promise<void> {
  const policy = call.header('x-torc-policy')
  if (policy === undefined || policy === '') {
    throw new S3Error('MissingSecurityHeader', {
      message:
        'The policy is missing: send it as the header x-torc-policy, as in all, latest, global:5 or dynamic:20.',
      elements: { MissingHeaderName: 'x-torc-policy' },
    })
  }
  await call.store.setPolicy(targetOf(call), policy, call.options)
  answerEmpty(call, 200, { 'x-torc-policy': policy })
}

/** The target has none of its own then. */
export async function torcDeletePolicy(call: S3Call): Promise<void> {
  await call.store.setPolicy(targetOf(call), 'inherit', call.options)
  answerEmpty(call, 204)
}

function targetOf({ bucket, key }: S3Call) {
  return key === '' ? { bucket } : { bucket, key }
}
