import type { XmlElement } from '../xml/xml-writer.js'

/** Who owns all buckets and objects, as S3 sees it: the cluster. What access keys may do, its grants say. */
export const ownerId = 'torc'

export function ownerElement(name: 'Owner' | 'Initiator' = 'Owner'): XmlElement {
  return [
    name,
    [
      ['ID', ownerId],
      ['DisplayName', ownerId],
    ],
  ]
}
