/**
 * Number of cases for a property: `count`, or TORC_PROPERTY_RUNS when that is set. fast-check prints the
 * seed and path of a failure, which replay it.
 */
export function runs(count: number): { numRuns: number } {
  const wanted = Number(process.env['TORC_PROPERTY_RUNS'])
  return { numRuns: Number.isInteger(wanted) && wanted > 0 ? wanted : count }
}
