"""Uploads a file in parts of PART_BYTES with boto3: book.py FILE KEY; the rest comes from the environment."""

import os
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

path, key = sys.argv[1:]
part = int(os.environ["PART_BYTES"])
boto3.client("s3", endpoint_url=os.environ["TORC_S3"], config=Config(s3={"addressing_style": "path"})).upload_file(
    path,
    os.environ["BUCKET"],
    key,
    ExtraArgs={"ContentType": "application/pdf"},
    Config=TransferConfig(multipart_threshold=part, multipart_chunksize=part),
)
