import type {
  PartInfo,
  PartPage,
  UploadInfo,
  UploadListOptions,
  UploadMarker,
  UploadPage,
  UploadStore,
} from './multipart.js'
import type { CallOptions } from './object-store.js'

/** All parts of an upload, page by page as they are wanted. */
export async function* listParts(
  store: Pick<UploadStore, 'partPage'>,
  bucket: string,
  key: string,
  uploadId: string,
  options: CallOptions,
): AsyncGenerator<PartInfo> {
  let partNumberMarker: number | undefined
  do {
    const page: PartPage = await store.partPage(bucket, key, uploadId, { ...options, partNumberMarker })
    yield* page.parts
    partNumberMarker = page.nextPartNumberMarker
  } while (partNumberMarker !== undefined)
}

/** All uploads under a prefix, page by page as they are wanted. */
export async function* listUploads(
  store: Pick<UploadStore, 'uploadPage'>,
  bucket: string,
  options: UploadListOptions,
): AsyncGenerator<UploadInfo> {
  let marker: UploadMarker | undefined
  do {
    const page: UploadPage = await store.uploadPage(bucket, { ...options, marker })
    yield* page.uploads
    marker = page.nextMarker
  } while (marker !== undefined)
}
