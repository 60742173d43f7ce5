import { invalidArgument, S3Error } from '../errors/s3-error.js'
import { parameter, type Target } from '../request/target.js'
import { algorithm, type CredentialScope } from './signing.js'

/** What a request says of who signed it, before anything is checked. */
export interface SignatureClaim {
  readonly accessKey: string
  readonly scope: CredentialScope
  readonly amzDate: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** Seconds for which a presigned URL holds; undefined for a header. */
  readonly expiresSeconds: number | undefined
}

interface ClaimSource {
  readonly target: Target
  readonly header: (name: string) => string | undefined
}

const expiresSecondsMax = 7 * 24 * 60 * 60
const signedHeadersMax = 128
const amzDatePattern = /^\d{8}T\d{6}Z$/
const hexPattern = /^[0-9a-f]{64}$/

/** The claim of a request; undefined where it is anonymous. Signature Version 2 and others are refused. */
export function readClaim(source: ClaimSource): SignatureClaim | undefined {
  const authorization = source.header('authorization')
  const presigned = parameter(source.target, 'X-Amz-Algorithm')
  const old = ['AWSAccessKeyId', 'Signature'].some(name => parameter(source.target, name) !== undefined)
  if (authorization !== undefined && (presigned !== undefined || old)) {
    throw invalidArgument(
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization header should be specified',
      'Authorization',
    )
  }
  if (authorization !== undefined) return claimOfHeader(authorization, source)
  if (presigned !== undefined) return claimOfQuery(presigned, source)
  if (old) throw unsupportedMechanism()
  if (parameter(source.target, 'X-Amz-Signature') !== undefined)
    throw new S3Error('AuthorizationQueryParametersError', { message: 'X-Amz-Algorithm is missing' })
  return undefined
}

function claimOfHeader(authorization: string, { header }: ClaimSource): SignatureClaim {
  const space = authorization.indexOf(' ')
  if (space < 0 || authorization.slice(0, space) !== algorithm) throw unsupportedMechanism()
  const fields = new Map<string, string>()
  for (const field of authorization.slice(space + 1).split(',')) {
    const equals = field.indexOf('=')
    if (equals > 0) fields.set(field.slice(0, equals).trim(), field.slice(equals + 1).trim())
  }
  const malformed = (message: string) => new S3Error('AuthorizationHeaderMalformed', { message })
  const credential = fields.get('Credential')
  const signedHeaders = fields.get('SignedHeaders')
  const signature = fields.get('Signature')
  if (credential === undefined || signedHeaders === undefined || signature === undefined)
    throw malformed('The authorization header needs Credential, SignedHeaders and Signature.')
  const amzDate = header('x-amz-date') ?? amzDateOf(header('date'))
  if (amzDate === undefined || !amzDatePattern.test(amzDate)) {
    throw new S3Error('AccessDenied', {
      message: 'AWS authentication requires a valid Date or x-amz-date header',
    })
  }
  return {
    ...readCredential(credential, amzDate, malformed),
    amzDate,
    signedHeaders: readSignedHeaders(signedHeaders, malformed),
    signature: readSignature(signature, malformed),
    expiresSeconds: undefined,
  }
}

function claimOfQuery(given: string, { target }: ClaimSource): SignatureClaim {
  const malformed = (message: string) => new S3Error('AuthorizationQueryParametersError', { message })
  if (given !== algorithm) throw malformed(`X-Amz-Algorithm only supports "${algorithm}"`)
  const needed = (name: string): string => {
    const value = parameter(target, name)
    if (value === undefined || value === '') throw malformed(`${name} is missing`)
    return value
  }
  const amzDate = needed('X-Amz-Date')
  if (!amzDatePattern.test(amzDate))
    throw malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
  const expires = needed('X-Amz-Expires')
  if (!/^\d{1,9}$/.test(expires)) throw malformed('X-Amz-Expires should be a number')
  const expiresSeconds = Number(expires)
  if (expiresSeconds > expiresSecondsMax)
    throw malformed('X-Amz-Expires must be less than a week (in seconds) that is 604800')
  return {
    ...readCredential(needed('X-Amz-Credential'), amzDate, malformed),
    amzDate,
    signedHeaders: readSignedHeaders(needed('X-Amz-SignedHeaders'), malformed),
    signature: readSignature(needed('X-Amz-Signature'), malformed),
    expiresSeconds,
  }
}

type Malformed = (message: string) => S3Error

function readCredential(
  credential: string,
  amzDate: string,
  malformed: Malformed,
): Pick<SignatureClaim, 'accessKey' | 'scope'> {
  const [accessKey, date, region, service, end, ...more] = credential.split('/')
  if (!accessKey || !date || !region || !service || end !== 'aws4_request' || more.length > 0) {
    throw malformed(
      'The credential is malformed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    )
  }
  if (service !== 's3') throw malformed(`The credential's service is ${service}; this service is s3.`)
  if (date !== amzDate.slice(0, 8)) throw malformed("The credential's date is not that of the request.")
  if (!/^[a-zA-Z0-9-]{1,64}$/.test(region)) throw malformed("The credential's region is malformed.")
  return { accessKey, scope: { date, region } }
}

function readSignedHeaders(text: string, malformed: Malformed): readonly string[] {
  const names = text.split(';')
  // A list in another order, or with a name twice, would have another canonical request.
  const sorted = names.every((name, i) => name !== '' && (i === 0 || (names[i - 1] ?? '') < name))
  if (!sorted || text !== text.toLowerCase() || names.length > signedHeadersMax)
    throw malformed('SignedHeaders must be lower-case names in order.')
  if (!names.includes('host')) throw malformed('SignedHeaders must name host.')
  return names
}

function readSignature(text: string, malformed: Malformed): string {
  if (!hexPattern.test(text)) throw malformed('The signature has 64 lower-case hexadecimal digits.')
  return text
}

/** An HTTP date in the form that is signed. */
function amzDateOf(date: string | undefined): string | undefined {
  const ms = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '')
}

function unsupportedMechanism(): S3Error {
  return new S3Error('InvalidRequest', {
    message: 'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
  })
}
