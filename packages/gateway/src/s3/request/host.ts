/**
 * The bucket that a Host header names (virtual-host style): what stands before one of the domains. Undefined where the
 * host is none of theirs, or a domain itself (path style).
 */
export function bucketOfHost(host: string | undefined, domains: readonly string[]): string | undefined {
  if (host === undefined) return undefined
  const name = host.replace(/:\d+$/, '').toLowerCase()
  for (const domain of domains) {
    const suffix = `.${domain.toLowerCase()}`
    if (name.endsWith(suffix) && name.length > suffix.length) return name.slice(0, -suffix.length)
  }
  return undefined
}
