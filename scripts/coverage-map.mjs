import { filesBelow } from './files.mjs'

/**
 * Which compiled sources a test file is measured against. Only the packages' own tests count: what an
 * integration test passes through by accident is no evidence that a module was tested.
 */
export const coveredPackages = ['protocol', 'cluster']

export default function coverageMap(testFile) {
  const found = /^packages[\\/]([^\\/]+)[\\/]/.exec(testFile)?.[1]
  if (found === undefined || !coveredPackages.includes(found)) return null
  return filesBelow(`packages/${found}/build/src`, '.js')
}
