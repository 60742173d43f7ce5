/** How many of `count` are more than half: any two such groups of them have one in common. */
export function majority(count: number): number {
  return Math.floor(count / 2) + 1
}
