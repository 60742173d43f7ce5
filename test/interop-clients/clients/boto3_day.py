"""A day of work with boto3. Prints one line of JSON per step: {"name", "outcome", "why", "milliseconds"}.

Where the gateway is comes from the environment: TORC_S3, BUCKET, FOLDER, SMALL, MEDIUM, LARGE (files), LISTING (a bucket
of KEYS keys), and credentials as boto3 reads them.
"""

import hashlib
import io
import os
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from steps import content, digest, equal, run, step

MEBIBYTE = 1 << 20
bucket = os.environ["BUCKET"]
folder = os.environ["FOLDER"]
small, medium, large = (os.environ[name] for name in ("SMALL", "MEDIUM", "LARGE"))
s3 = boto3.client(
    "s3",
    endpoint_url=os.environ["TORC_S3"],
    config=Config(s3={"addressing_style": "path"}, signature_version="s3v4", retries={"total_max_attempts": 1}),
)


def refused(code, work):
    try:
        work()
    except ClientError as error:
        equal(error.response["Error"]["Code"], code, "the code of the error")
        return
    raise AssertionError(f"nothing was refused where {code} should be")


def there_and_back(path, key, **config):
    transfer = TransferConfig(**config)
    s3.upload_file(path, bucket, key, Config=transfer, ExtraArgs={"Metadata": {"from": "boto3"}})
    head = s3.head_object(Bucket=bucket, Key=key)
    equal(head["ContentLength"], os.path.getsize(path), "the size")
    equal(head["Metadata"], {"from": "boto3"}, "the metadata")
    back = os.path.join(folder, "back")
    s3.download_file(bucket, key, back, Config=transfer)
    equal(digest(back), digest(path), "the bytes read back")
    os.remove(back)
    return head


@step("bucket life cycle")
def _():
    s3.create_bucket(Bucket=bucket)
    s3.head_bucket(Bucket=bucket)
    if bucket not in [one["Name"] for one in s3.list_buckets()["Buckets"]]:
        raise AssertionError("the bucket is not listed")
    equal(s3.get_bucket_location(Bucket=bucket)["LocationConstraint"], None, "the location")
    gone = bucket + "-gone"
    s3.create_bucket(Bucket=gone)
    s3.get_waiter("bucket_exists").wait(Bucket=gone)
    s3.delete_bucket(Bucket=gone)
    refused("404", lambda: s3.head_bucket(Bucket=gone))
    refused("NoSuchBucket", lambda: s3.list_objects_v2(Bucket=gone))


@step("an object of no bytes")
def _():
    equal(s3.put_object(Bucket=bucket, Key="empty", Body=b"")["ETag"], '"d41d8cd98f00b204e9800998ecf8427e"', "etag")
    equal(s3.get_object(Bucket=bucket, Key="empty")["Body"].read(), b"", "the body")


@step("a small object, its headers and metadata")
def _():
    body = content(small)
    put = s3.put_object(
        Bucket=bucket,
        Key="small",
        Body=body,
        ContentType="text/x-torc",
        CacheControl="max-age=60",
        ContentDisposition='attachment; filename="a.txt"',
        Metadata={"one": "1", "two-words": "a b"},
    )
    equal(put["ETag"], f'"{hashlib.md5(body).hexdigest()}"', "the etag")
    got = s3.get_object(Bucket=bucket, Key="small")
    equal(got["Body"].read(), body, "the body")
    equal(got["ContentType"], "text/x-torc", "the type")
    equal(got["CacheControl"], "max-age=60", "cache control")
    equal(got["Metadata"], {"one": "1", "two-words": "a b"}, "the metadata")


@step("keys that need encoding")
def _():
    keys = ["a b+c", "ä/日本語", "%41&=;,@!$()'*~", "a//b", "./dot/../dot", "q?x=1#y", "new\nline", "emoji-🙂"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key="odd/" + key, Body=key.encode())
    for key in keys:
        equal(s3.get_object(Bucket=bucket, Key="odd/" + key)["Body"].read(), key.encode(), key)
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="odd/")["Contents"]
    equal(sorted(one["Key"] for one in listed), sorted("odd/" + key for key in keys), "the keys listed")
    copy = s3.copy_object(Bucket=bucket, Key="odd-copy", CopySource={"Bucket": bucket, "Key": "odd/a b+c"})
    equal("ETag" in copy["CopyObjectResult"], True, "the copy's etag")


@step("a file in parts, there and back")
def _():
    there_and_back(medium, "medium", multipart_threshold=5 * MEBIBYTE, multipart_chunksize=5 * MEBIBYTE)


@step("a large file, there and back")
def _():
    there_and_back(large, "large", multipart_chunksize=16 * MEBIBYTE, max_concurrency=6)


@step("a large file in one PUT")
def _():
    with open(medium, "rb") as file:
        put = s3.put_object(Bucket=bucket, Key="one-put", Body=file)
    equal(put["ETag"], f'"{hashlib.md5(content(medium)).hexdigest()}"', "the etag")


@step("a stream that can't be read twice")
def _():
    class Once(io.RawIOBase):
        def __init__(self):
            self.file = open(medium, "rb")

        def readable(self):
            return True

        def read(self, size=-1):
            return self.file.read(size)

    s3.upload_fileobj(Once(), bucket, "stream")
    equal(s3.head_object(Bucket=bucket, Key="stream")["ContentLength"], os.path.getsize(medium), "the size")


@step("parts by hand, listed, copied, completed, aborted")
def _():
    begun = s3.create_multipart_upload(Bucket=bucket, Key="parts", ContentType="film/x")
    upload = {"Bucket": bucket, "Key": "parts", "UploadId": begun["UploadId"]}
    body = content(medium)
    first = s3.upload_part(**upload, PartNumber=1, Body=body[: 6 * MEBIBYTE])["ETag"]
    copied = s3.upload_part_copy(
        **upload,
        PartNumber=2,
        CopySource={"Bucket": bucket, "Key": "medium"},
        CopySourceRange=f"bytes={6 * MEBIBYTE}-{12 * MEBIBYTE - 1}",
    )["CopyPartResult"]["ETag"]
    last = s3.upload_part(**upload, PartNumber=3, Body=io.BytesIO(body[12 * MEBIBYTE :]))["ETag"]
    equal([part["PartNumber"] for part in s3.list_parts(**upload)["Parts"]], [1, 2, 3], "the parts")
    uploads = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    equal([one["UploadId"] for one in uploads], [begun["UploadId"]], "the uploads under way")
    parts = [{"PartNumber": i + 1, "ETag": etag} for i, etag in enumerate((first, copied, last))]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    got = s3.get_object(Bucket=bucket, Key="parts")
    equal(got["Body"].read(), body, "the bytes")
    equal(got["ContentType"], "film/x", "the type")
    other = s3.create_multipart_upload(Bucket=bucket, Key="aborted")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="aborted", UploadId=other, PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(Bucket=bucket, Key="aborted", UploadId=other)
    refused("NoSuchUpload", lambda: s3.list_parts(Bucket=bucket, Key="aborted", UploadId=other))
    equal("Uploads" in s3.list_multipart_uploads(Bucket=bucket), False, "uploads are left")


@step("ranges and conditions")
def _():
    body = content(medium)
    size = len(body)
    for header, expected in (
        ("bytes=0-0", body[:1]),
        ("bytes=1048570-1048590", body[1048570:1048591]),
        (f"bytes={size - 10}-", body[-10:]),
        ("bytes=-7", body[-7:]),
        (f"bytes=5-{size * 2}", body[5:]),
    ):
        got = s3.get_object(Bucket=bucket, Key="medium", Range=header)
        equal(got["ResponseMetadata"]["HTTPStatusCode"], 206, f"the status for {header}")
        equal(got["Body"].read() == expected, True, f"{header} gives the right bytes")
    refused("InvalidRange", lambda: s3.get_object(Bucket=bucket, Key="medium", Range=f"bytes={size}-"))
    etag = s3.head_object(Bucket=bucket, Key="medium")["ETag"]
    refused("304", lambda: s3.get_object(Bucket=bucket, Key="medium", IfNoneMatch=etag))
    refused("PreconditionFailed", lambda: s3.get_object(Bucket=bucket, Key="medium", IfMatch='"x"'))
    s3.get_object(Bucket=bucket, Key="medium", IfMatch=etag)["Body"].close()


@step("a checksum that is asked for")
def _():
    for algorithm in ("SHA256", "CRC32", "SHA1"):
        s3.put_object(Bucket=bucket, Key="sum", Body=content(small), ChecksumAlgorithm=algorithm)
        head = s3.head_object(Bucket=bucket, Key="sum", ChecksumMode="ENABLED")
        equal(f"Checksum{algorithm}" in head, True, f"{algorithm} is told")
        equal(s3.get_object(Bucket=bucket, Key="sum", ChecksumMode="ENABLED")["Body"].read(), content(small), "bytes")
    refused(
        "BadDigest",
        lambda: s3.put_object(Bucket=bucket, Key="sum", Body=b"x", ContentMD5="AAAAAAAAAAAAAAAAAAAAAA=="),
    )
    s3.upload_file(medium, bucket, "sum-parts", ExtraArgs={"ChecksumAlgorithm": "SHA256"})
    equal(s3.get_object(Bucket=bucket, Key="sum-parts", ChecksumMode="ENABLED")["Body"].read(), content(medium), "b")


@step("a large listing")
def _():
    listing, keys = os.environ["LISTING"], int(os.environ["KEYS"])
    for operation in ("list_objects_v2", "list_objects"):
        found = []
        for page in s3.get_paginator(operation).paginate(Bucket=listing):
            found += [one["Key"] for one in page["Contents"]]
        equal(len(found), keys, f"the number of keys by {operation}")
        equal(found, sorted(set(found)), "their order")
    found = []
    for page in s3.get_paginator("list_objects_v2").paginate(
        Bucket=listing, Delimiter="/", PaginationConfig={"PageSize": 3}
    ):
        found += [one["Prefix"] for one in page.get("CommonPrefixes", [])]
    equal(found, [f"folder-{i}/" for i in range(10)], "the folders")
    after = s3.list_objects_v2(Bucket=listing, Prefix="folder-3/", StartAfter="folder-3/key-00023", MaxKeys=2)
    equal([one["Key"] for one in after["Contents"]], ["folder-3/key-00033", "folder-3/key-00043"], "after a key")


@step("copies, with other metadata too")
def _():
    source = {"Bucket": bucket, "Key": "medium"}
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    equal(s3.head_object(Bucket=bucket, Key="copy")["Metadata"], {"from": "boto3"}, "the metadata")
    s3.copy_object(
        Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "copy"}, Metadata={"b": "2"},
        MetadataDirective="REPLACE",
    )
    equal(s3.head_object(Bucket=bucket, Key="copy")["Metadata"], {"b": "2"}, "the metadata that replaced it")
    equal(s3.get_object(Bucket=bucket, Key="copy")["Body"].read(), content(medium), "the bytes")
    s3.copy(source, bucket, "copied-in-parts", Config=TransferConfig(multipart_threshold=6 * MEBIBYTE))
    equal(s3.get_object(Bucket=bucket, Key="copied-in-parts")["Body"].read(), content(medium), "the bytes")


@step("tags")
def _():
    tags = [{"Key": "a", "Value": "1"}, {"Key": "ä b", "Value": "x/y"}]
    s3.put_object_tagging(Bucket=bucket, Key="small", Tagging={"TagSet": tags})
    equal(s3.get_object_tagging(Bucket=bucket, Key="small")["TagSet"], tags, "the tags")
    s3.delete_object_tagging(Bucket=bucket, Key="small")
    equal(s3.get_object_tagging(Bucket=bucket, Key="small")["TagSet"], [], "no tags")


@step("many deletes")
def _():
    keys = [f"many/{i}" for i in range(1100)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=bucket, Key=key, Body=b"x"), keys))
    for at in range(0, len(keys), 1000):
        objects = [{"Key": key} for key in keys[at : at + 1000]]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": False})
        equal(len(answer["Deleted"]), len(objects), "the keys deleted")
    equal(s3.list_objects_v2(Bucket=bucket, Prefix="many/")["KeyCount"], 0, "keys are left")
    quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "never <&> there"}], "Quiet": True})
    equal("Deleted" in quiet or "Errors" in quiet, False, "a quiet answer tells something")


@step("versions and delete markers")
def _():
    versioned = bucket + "-versions"
    s3.create_bucket(Bucket=versioned)
    equal("Status" in s3.get_bucket_versioning(Bucket=versioned), False, "a new bucket has a status")
    s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Enabled"})
    ids = [s3.put_object(Bucket=versioned, Key="k", Body=str(i).encode())["VersionId"] for i in range(3)]
    marker = s3.delete_object(Bucket=versioned, Key="k")
    equal(marker["DeleteMarker"], True, "a marker was made")
    refused("NoSuchKey", lambda: s3.get_object(Bucket=versioned, Key="k"))
    listed = s3.list_object_versions(Bucket=versioned)
    equal([one["VersionId"] for one in listed["Versions"]], ids[::-1], "the versions")
    equal([one["IsLatest"] for one in listed["DeleteMarkers"]], [True], "the markers")
    equal(s3.get_object(Bucket=versioned, Key="k", VersionId=ids[0])["Body"].read(), b"0", "the first version")
    s3.delete_object(Bucket=versioned, Key="k", VersionId=marker["VersionId"])
    equal(s3.get_object(Bucket=versioned, Key="k")["Body"].read(), b"2", "the latest version")
    refused("BucketNotEmpty", lambda: s3.delete_bucket(Bucket=versioned))
    boto3.resource(
        "s3", endpoint_url=os.environ["TORC_S3"], config=Config(s3={"addressing_style": "path"})
    ).Bucket(versioned).object_versions.delete()
    s3.delete_bucket(Bucket=versioned)


@step("presigned links")
def _():
    link = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "odd/ä/日本語"}, ExpiresIn=60)
    with urllib.request.urlopen(link) as answer:
        equal(answer.read(), "ä/日本語".encode(), "what the link gives")
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "by-link"}, ExpiresIn=60)
    with urllib.request.urlopen(urllib.request.Request(put, data=b"by link", method="PUT")) as answer:
        equal(answer.status, 200, "the status")
    equal(s3.get_object(Bucket=bucket, Key="by-link")["Body"].read(), b"by link", "what was put by the link")
    short = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "small"}, ExpiresIn=1)
    until = time.monotonic() + 10
    while True:
        try:
            urllib.request.urlopen(short).close()
            if time.monotonic() > until:
                raise AssertionError("a link that ran out still works")
        except urllib.error.HTTPError as error:
            equal(error.code, 403, "the status of a link that ran out")
            break
    broken = link[:-1] + ("1" if link.endswith("0") else "0")
    try:
        urllib.request.urlopen(broken).close()
        raise AssertionError("a link with another signature works")
    except urllib.error.HTTPError as error:
        equal(error.code, 403, "the status of a broken link")


@step("what is refused says why")
def _():
    refused("NoSuchKey", lambda: s3.get_object(Bucket=bucket, Key="nothing"))
    refused("404", lambda: s3.head_object(Bucket=bucket, Key="nothing"))
    stranger = boto3.client(
        "s3", endpoint_url=os.environ["TORC_S3"], aws_secret_access_key="wrong",
        aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )
    refused("SignatureDoesNotMatch", lambda: stranger.get_object(Bucket=bucket, Key="small"))
    refused("BucketNotEmpty", lambda: s3.delete_bucket(Bucket=bucket))


@step("the bucket is emptied and removed")
def _():
    boto3.resource(
        "s3", endpoint_url=os.environ["TORC_S3"], config=Config(s3={"addressing_style": "path"})
    ).Bucket(bucket).objects.delete()
    s3.delete_bucket(Bucket=bucket)
    refused("404", lambda: s3.head_bucket(Bucket=bucket))


run()
