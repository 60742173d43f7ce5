/**
 * Names that a file system without case, or one that composes letters, takes for the same have the same fold. The `/` of a
 * folder stays: a file and a folder of one name are told apart by their type, whatever their letters.
 */
export function fold(name: string): string {
  if (plain.test(name)) return name.toLowerCase()
  return name.normalize('NFC').toLowerCase().normalize('NFC')
}

/** Most names have nothing to compose, which takes far longer to find out otherwise. */
const plain = /^[ -~]*$/
