/** A file that the server reads in a client's place. */
export interface OpenedFile {
  readonly size: number
  /** The contents from the start, in pieces that are not used again. Reading once closes nothing: see `close`. */
  readonly pieces: AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** A file that the server writes in a client's place: seen under its name only when it is whole and on the disk. */
export interface FileWriter {
  write(piece: Uint8Array): Promise<void>
  /** Makes what was written durable and gives it its name. */
  commit(): Promise<void>
  /** Drops what was written. */
  abort(): Promise<void>
}

/**
 * Files under the shared roots. A path is `NAME:relative` or absolute. PATH_DENIED when it does not lie inside a
 * root once symlinks are followed, FILE_NOT_FOUND, NOT_A_FILE, FILE_ACCESS.
 */
export interface SharedFiles {
  openToRead(path: string): Promise<OpenedFile>
  openToWrite(path: string): Promise<FileWriter>
}
