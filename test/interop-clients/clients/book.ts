import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lifeOfABook, partBytes } from '../book/book.js'
import type { RealClient } from '../client.js'
import { mustRun } from '../day/command.js'
import { boto3 } from './boto3.js'

const script = fileURLToPath(new URL('../../../interop-clients/clients/book.py', import.meta.url))

/** The life of a book, uploaded with boto3 and read as a browser reads. */
export const book: RealClient = {
  name: 'book',
  install: tools => boto3.install(tools),
  work: (day, _gateway, python, folder) =>
    lifeOfABook(day, async ({ s3, accessKey, secretKey, bucket }, key, bytes) => {
      const path = join(folder, 'book.pdf')
      writeFileSync(path, bytes)
      const variables = {
        ...{ HOME: folder, AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey },
        ...{ AWS_DEFAULT_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true' },
        ...{ TORC_S3: s3, BUCKET: bucket, PART_BYTES: String(partBytes) },
      }
      await mustRun(python, [script, path, key], { variables })
    }),
}
