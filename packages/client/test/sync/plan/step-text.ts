import type { Step } from '../../../src/sync/plan/step.js'

/** A step in words, for tables that people read. */
export function stepText(step: Step): string {
  return `${deed(step)} (${step.why})`
}

function deed(step: Step): string {
  const { name } = step
  switch (step.does) {
    case 'upload': {
      const from = step.from === undefined ? '' : `, copied from ${step.from.name}@${step.from.versionId}`
      return `upload ${name}${over(step.context)}${from}`
    }
    case 'download': {
      const from = step.from === undefined ? '' : `, copied from ${step.from.name}`
      return `download ${name}@${step.head.versionId}${step.expected === undefined ? '' : ' over what is here'}${from}`
    }
    case 'makeFolder':
      return `make folder ${name}`
    case 'removeLocal':
      return `remove ${name} here`
    case 'removeRemote':
      return `remove ${name} in the store${over(step.context)}`
    case 'adopt':
      return `note ${name}@${step.synced.versionId ?? 'implied'}`
    case 'forget':
      return `forget ${name}`
    case 'resolve': {
      const losers = step.losers.map(
        ({ head, conflictName }) => `, ${head.versionId} becomes ${short(conflictName)}`,
      )
      return `resolve ${name}: ${step.winner.versionId} stays${losers.join('')}${over(step.remote.context)}`
    }
    case 'giveWay':
      return `give way: ${step.losers.map(({ head, conflictName }) => `${name}@${head.versionId} becomes ${short(conflictName)}`).join(', ')}`
  }
}

function over(context: string): string {
  return context === '' ? '' : `, over ${context}`
}

function short(name: string): string {
  return name.replace(/conflict-[\d-]+-laptop/, 'conflict-…')
}
