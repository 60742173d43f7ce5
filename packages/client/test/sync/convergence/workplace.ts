/** What is gone from a folder by one deed: names, each with its text where that went too and did not only move. */
export type Gone = readonly (readonly [name: string, text: string | undefined])[]

/**
 * A folder as the person sees it who works in it. Names of folders end with `/`; what is done to a path takes effect
 * at once, whatever else goes on in the folder.
 */
export interface Workplace {
  /** Names of all that is there, sorted. */
  userList(): readonly string[]
  /** Text of a file or target of a link; undefined where neither is. */
  userRead(path: string): string | undefined
  /** A file, in place of a file or link of that name; folders that lead there are made. */
  userWrite(path: string, text: string): Gone
  userLink(path: string, target: string): Gone
  userMakeFolder(path: string): void
  /** A file, or a folder with all that is in it. */
  userRemove(path: string): Gone
  /** As a shell's `mv`: of a file over a file too. */
  userRename(from: string, to: string): Gone
  userTouch(path: string): void
  userChmod(path: string, executable: boolean): void
}
