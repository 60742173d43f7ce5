"""Uploads a file in parts to Torc's S3 face with boto3, lists it, reads it, deletes it.

    pip install boto3
    TORC_S3=http://127.0.0.1:7490 TORC_CREDENTIALS=torc-data/credentials.json python examples/s3_boto3.py FILE
"""

import json
import os
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config


def main(path: str) -> None:
    with open(os.environ.get("TORC_CREDENTIALS", "torc-data/credentials.json")) as file:
        credentials = json.load(file)
    s3 = boto3.client(
        "s3",
        endpoint_url=os.environ.get("TORC_S3", "http://127.0.0.1:7490"),
        region_name="us-east-1",
        aws_access_key_id=credentials["accessKey"],
        aws_secret_access_key=credentials["secretKey"],
        # Buckets are part of the path: no name service has to know BUCKET.HOST. Links are signed as Torc checks them.
        config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"),
    )
    bucket, key = f"example-{os.getpid()}", os.path.basename(path)
    s3.create_bucket(Bucket=bucket)
    try:
        s3.upload_file(
            path,
            bucket,
            key,
            ExtraArgs={"Metadata": {"from": "examples/s3_boto3.py"}},
            Config=TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20),
        )
        head = s3.head_object(Bucket=bucket, Key=key)
        print(f"stored {bucket}/{key} with the etag {head['ETag']}")

        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for item in page.get("Contents", []):
                print(f"{item['Key']}  {item['Size']} bytes  {item['LastModified'].isoformat()}")

        body = s3.get_object(Bucket=bucket, Key=key)["Body"]
        print(f"read {sum(len(piece) for piece in body.iter_chunks(1 << 20))} bytes back")

        link = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=600)
        print(f"for ten minutes anybody may read {link}")

        s3.delete_object(Bucket=bucket, Key=key)
        print(f"deleted {bucket}/{key}")
    finally:
        s3.delete_bucket(Bucket=bucket)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python examples/s3_boto3.py FILE")
    main(sys.argv[1])
