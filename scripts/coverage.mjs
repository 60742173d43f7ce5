import { readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { coveredPackages } from './coverage-map.mjs'
import { filesBelow } from './files.mjs'

/** Lines of each of the packages that their own tests must pass through. */
const linesPercentMin = 90

/**
 * Prints the lines covered per package and returns what is wrong. Files that no test loaded are not in
 * tap's report: they count with all their lines, so that forgetting a module can't raise the share.
 */
export function coverageProblems(root, summaryFile) {
  const summary = JSON.parse(readFileSync(summaryFile, 'utf8'))
  const problems = []
  for (const name of coveredPackages) {
    let total = 0
    let covered = 0
    const missing = []
    for (const file of filesBelow(join(root, 'packages', name, 'src'), '.ts')) {
      const lines = summary[file]?.lines
      if (lines !== undefined) {
        total += lines.total
        covered += lines.covered
      } else if (hasCode(file, root)) {
        missing.push(relative(root, file))
        total += readFileSync(file, 'utf8').split('\n').length
      }
    }
    const percent = total === 0 ? 0 : (covered / total) * 100
    process.stdout.write(`# coverage of ${name}: ${percent.toFixed(1)} % of ${total} lines\n`)
    if (percent < linesPercentMin)
      problems.push(
        `coverage of ${name}: ${percent.toFixed(1)} % of lines, ${linesPercentMin} % are asked for`,
      )
    for (const file of missing) problems.push(`coverage: no test of the package loads ${file}`)
  }
  return problems
}

/** Modules of types alone compile to nothing. */
function hasCode(file, root) {
  const [, folder, ...rest] = relative(root, file).split(sep)
  const compiled = join(root, 'packages', folder, 'build', ...rest).replace(/\.ts$/, '.js')
  return /\S/.test(readFileSync(compiled, 'utf8').replace(/export \{\};?|\/\/#.*|\/\*[\s\S]*?\*\//g, ''))
}
