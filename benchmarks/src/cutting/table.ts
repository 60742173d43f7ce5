import type { Measurement } from './measure.worker.js'

const headings = [
  'cutting',
  'MiB per CPU second',
  'to SHA-256',
  'blocks',
  'mean (MiB)',
  'deviation',
  '5 %–95 %',
  'cut by force',
  'insertion renews',
  'deletion renews',
  '16 insertions renew',
  '16 of 300,000 bytes renew',
] as const

/** A row for each candidate, as Markdown. */
export function cuttingTable(rows: ReadonlyMap<string, Measurement>): string {
  const lines = [headings, headings.map(() => '---'), ...Array.from(rows, cellsOf)]
  return lines.map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

function cellsOf([name, { rate, hashRate, sizes, renewed }]: [string, Measurement]): string[] {
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length
  const variance = sizes.reduce((sum, size) => sum + (size - mean) ** 2, 0) / sizes.length
  const largest = sizes.at(-1)
  // Fixed cutting does not, and has no rate to speak of.
  const looksAtBytes = rate < 20 * hashRate
  const forced = sizes.filter(size => size === largest).length
  return [
    name,
    looksAtBytes ? (rate / 1024 ** 2).toFixed(0) : '–',
    looksAtBytes ? (rate / hashRate).toFixed(2) : '–',
    String(sizes.length + 1),
    mebibytes(mean),
    mebibytes(Math.sqrt(variance)),
    `${mebibytes(quantile(sizes, 0.05))}–${mebibytes(quantile(sizes, 0.95))}`,
    // One that is the largest by chance is alone.
    percent(forced > 1 ? forced / sizes.length : 0),
    ...renewed.map(percent),
  ]
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(2)
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
