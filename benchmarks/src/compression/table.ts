import type { Measurement } from './measure.worker.js'

const headings = [
  'compression',
  'stored',
  'compress, MiB per CPU second',
  'time to SHA-256',
  'decompress, MiB per CPU second',
  'time to SHA-256',
] as const

/** A row for each candidate, as Markdown; times are multiples of the SHA-256 of the same bytes in the same process. */
export function compressionTable(rows: ReadonlyMap<string, Measurement>): string {
  const lines = [headings, headings.map(() => '---'), ...Array.from(rows, cellsOf)]
  return lines.map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

function cellsOf([name, measured]: [string, Measurement]): string[] {
  const { ratio, compressRate, decompressRate, hashRate } = measured
  return [
    ...[name, `${(100 * ratio).toFixed(1)} %`],
    ...[mebibytes(compressRate), (hashRate / compressRate).toFixed(2)],
    // What is kept as it is need not be decompressed, and has no rate to speak of.
    ...(decompressRate > 20 * hashRate
      ? ['–', '–']
      : [mebibytes(decompressRate), (hashRate / decompressRate).toFixed(2)]),
  ]
}

function mebibytes(rate: number): string {
  return (rate / 1024 ** 2).toFixed(0)
}
