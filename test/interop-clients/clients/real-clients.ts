import type { RealClient } from '../client.js'
import { awscli, awscliDebian } from './awscli.js'
import { book } from './book.js'
import { boto3, boto3Debian } from './boto3.js'
import { curl } from './curl.js'
import { minio } from './minio.js'
import { rclone } from './rclone.js'
import { s3cmd } from './s3cmd.js'
import { s3fs } from './s3fs.js'

/** In the order in which they work. */
export const realClients: readonly RealClient[] = [
  ...[curl, awscli, awscliDebian, boto3, boto3Debian, minio, s3cmd, rclone, s3fs, book],
]
