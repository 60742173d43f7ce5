import type { TagChange } from '../flows/tag-flow.js'

/** Tags as a caller in this process gives them; undefined where it says nothing of them. */
export function tagPairs(tags: Readonly<Record<string, string>> | undefined): TagChange['set'] | undefined {
  return tags === undefined ? undefined : Object.entries(tags)
}
