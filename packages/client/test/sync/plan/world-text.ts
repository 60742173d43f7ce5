import type {
  Content,
  LocalEntry,
  RemoteEntry,
  RemoteHead,
  SyncedEntry,
} from '../../../src/sync/trees/entry.js'
import { folderContent } from '../../../src/sync/trees/entry.js'
import { TreeWorld, type TreeWorldOptions } from '../../../src/sync/trees/world.js'

/**
 * Trees as text, a name with what it holds after each space:
 *
 *     a=1       a file `a` with the content `1`, in the store and in the journal as version `v1`
 *     a=1@v7    the same content, as version `v7`
 *     a=1+x     its owner may execute it
 *     a=1~      touched: another fingerprint
 *     l=>t      a link to `t`
 *     d/        a folder, version `v/`; `d/@implied` in the journal: it had no object
 *     a=1|2     two heads (in the journal: noted together); `a=1|-`: one, beside a delete marker
 */
export interface WorldText {
  readonly here: string
  readonly store: string
  readonly synced: string
}

export const writtenAt = new Date('2026-11-27T15:30:00Z')
export const clientId = 'laptop'

export function worldOf({ here, store, synced }: WorldText, options: TreeWorldOptions = {}): TreeWorld {
  const world = new TreeWorld(options)
  for (const { name, versions } of parse(here)) world.setLocal(name, localOf(versions[0]))
  for (const { name, versions } of parse(store)) world.setRemote(name, remoteOf(versions))
  for (const { name, versions } of parse(synced)) world.setSynced(name, syncedOf(versions))
  return world
}

export function namesIn(texts: WorldText): string[] {
  return [texts.here, texts.store, texts.synced].flatMap(text => parse(text).map(({ name }) => name))
}

interface Version {
  readonly content: Content
  readonly versionId: string
  readonly touched: boolean
}

function parse(text: string): { name: string; versions: (Version | 'marker')[] }[] {
  return text
    .split(' ')
    .filter(part => part !== '')
    .map(part => {
      const [, name = '', sign = '', rest = ''] = /^([^=@]+)(=>|=|@|$)(.*)$/.exec(part) ?? []
      const versions = rest
        .split('|')
        .map(version =>
          version === '-' ? 'marker' : versionOf(sign, sign === '@' ? `@${version}` : version),
        )
      return { name, versions }
    })
}

function versionOf(sign: string, text: string): Version {
  const [, bytes = '', x = '', touched = '', versionId] = /^([^+~@]*)(\+x)?(~)?(?:@(.+))?$/.exec(text) ?? []
  if (sign !== '=' && sign !== '=>') {
    return { content: folderContent, versionId: versionId ?? 'v/', touched: touched !== '' }
  }
  return {
    content: {
      kind: sign === '=' ? 'file' : 'link',
      sha256: `sha of ${bytes}`,
      size: bytes.length,
      executable: x !== '',
    },
    versionId: versionId ?? `v${bytes}`,
    touched: touched !== '',
  }
}

function localOf(version: Version | 'marker' | undefined): LocalEntry {
  if (version === undefined || version === 'marker') throw new Error('no file is a marker')
  return { content: version.content, mtimeMs: 0, fingerprint: fingerprintOf(version) }
}

function remoteOf(versions: readonly (Version | 'marker')[]): RemoteEntry {
  const heads = versions.flatMap((version): RemoteHead[] =>
    version === 'marker'
      ? []
      : [
          {
            content: version.content,
            versionId: version.versionId,
            mtimeMs: 0,
            createdAt: writtenAt,
            client: clientId,
          },
        ],
  )
  const besideMarker = heads.length < versions.length
  const context = [...heads.map(({ versionId }) => versionId), ...(besideMarker ? ['marker'] : [])].join('+')
  return { heads, besideMarker, context }
}

function syncedOf(versions: readonly (Version | 'marker')[]): SyncedEntry {
  const [version] = versions
  if (version === undefined || version === 'marker') throw new Error('no marker is synced')
  const { content } = version
  const fingerprint = fingerprintOf(version)
  if (version.versionId === 'implied') return { content, fingerprint, versionId: undefined, context: '' }
  return { content, fingerprint, versionId: version.versionId, context: remoteOf(versions).context }
}

function fingerprintOf({ content, touched }: Version): string {
  return `${content.sha256}${content.executable ? '+x' : ''}${touched ? '~' : ''}`
}
