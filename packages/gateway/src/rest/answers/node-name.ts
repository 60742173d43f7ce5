/** A node's name: its id without the random part that tells two of one name apart. */
export function nodeNameOf(id: string): string {
  return id.replace(/-[0-9a-f]{8}$/, '')
}
