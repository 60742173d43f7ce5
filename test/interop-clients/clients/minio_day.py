"""A day of work with MinIO's client for Python, which signs and cuts by itself; the environment is that of boto3_day.py."""

import hashlib
import io
import os
import urllib.request
from datetime import timedelta

from minio import Minio
from minio.commonconfig import ENABLED, ComposeSource, CopySource, Tags
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.versioningconfig import VersioningConfig

from steps import content, digest, equal, run, step

bucket, folder = os.environ["BUCKET"], os.environ["FOLDER"]
small, medium, large = (os.environ[name] for name in ("SMALL", "MEDIUM", "LARGE"))
client = Minio(
    endpoint=os.environ["TORC_S3"].removeprefix("http://"),
    access_key=os.environ["AWS_ACCESS_KEY_ID"],
    secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
    secure=False,
)


def refused(code, work):
    try:
        work()
    except S3Error as error:
        equal(error.code, code, "the code of the error")
        return
    raise AssertionError(f"nothing was refused where {code} should be")


def read(key, **more):
    answer = client.get_object(bucket_name=bucket, object_name=key, **more)
    try:
        return answer.read()
    finally:
        answer.close()
        answer.release_conn()


@step("bucket life cycle")
def _():
    client.make_bucket(bucket_name=bucket)
    equal(client.bucket_exists(bucket_name=bucket), True, "it exists")
    equal(bucket in [one.name for one in client.list_buckets()], True, "it is listed")
    equal(client.bucket_exists(bucket_name=bucket + "-none"), False, "another one exists")


@step("files there and back")
def _():
    for path in (small, medium, large):
        client.fput_object(bucket_name=bucket, object_name="file", file_path=path, metadata={"colour": "blue"})
        stat = client.stat_object(bucket_name=bucket, object_name="file")
        equal((stat.size, stat.metadata["x-amz-meta-colour"]), (os.path.getsize(path), "blue"), "what it is")
        back = os.path.join(folder, "back")
        client.fget_object(bucket_name=bucket, object_name="file", file_path=back)
        equal(digest(back), digest(path), "the bytes read back")


@step("an object of no bytes, and a stream of unknown size")
def _():
    client.put_object(bucket_name=bucket, object_name="empty", data=io.BytesIO(b""), length=0)
    equal(read("empty"), b"", "the body")
    with open(medium, "rb") as file:
        client.put_object(bucket_name=bucket, object_name="stream", data=file, length=-1, part_size=5 << 20)
    equal(hashlib.sha256(read("stream")).hexdigest(), digest(medium), "the bytes")


@step("a range")
def _():
    equal(read("stream", offset=1048570, length=21), content(medium)[1048570:1048591], "the bytes")


@step("a large listing")
def _():
    listing, keys = os.environ["LISTING"], int(os.environ["KEYS"])
    found = [one.object_name for one in client.list_objects(bucket_name=listing, recursive=True)]
    equal((len(found), found == sorted(set(found))), (keys, True), "the keys")
    folders = [one.object_name for one in client.list_objects(bucket_name=listing)]
    equal(folders, [f"folder-{i}/" for i in range(10)], "the folders")


@step("copies, and objects composed of others")
def _():
    client.copy_object(bucket_name=bucket, object_name="copy", source=CopySource(bucket_name=bucket, object_name="stream"))
    equal(digest(medium), hashlib.sha256(read("copy")).hexdigest(), "the copy")
    sources = [ComposeSource(bucket_name=bucket, object_name=name) for name in ("stream", "copy")]
    client.compose_object(bucket_name=bucket, object_name="composed", sources=sources)
    equal(read("composed") == content(medium) * 2, True, "the composed object is both")


@step("tags")
def _():
    tags = Tags.new_object_tags()
    tags["a"] = "1"
    client.set_object_tags(bucket_name=bucket, object_name="copy", tags=tags)
    equal(dict(client.get_object_tags(bucket_name=bucket, object_name="copy")), {"a": "1"}, "the tags")


@step("presigned links")
def _():
    link = client.presigned_get_object(bucket_name=bucket, object_name="copy", expires=timedelta(minutes=1))
    with urllib.request.urlopen(link) as answer:
        equal(hashlib.sha256(answer.read()).hexdigest(), digest(medium), "what the link gives")
    put = client.presigned_put_object(bucket_name=bucket, object_name="by link", expires=timedelta(minutes=1))
    urllib.request.urlopen(urllib.request.Request(put, data=b"by link", method="PUT")).close()
    equal(read("by link"), b"by link", "what was put")


@step("versions")
def _():
    versioned = bucket + "-versions"
    client.make_bucket(bucket_name=versioned)
    client.set_bucket_versioning(bucket_name=versioned, config=VersioningConfig(ENABLED))
    for text in (b"one", b"two"):
        client.put_object(bucket_name=versioned, object_name="k", data=io.BytesIO(text), length=3)
    client.remove_object(bucket_name=versioned, object_name="k")
    found = list(client.list_objects(bucket_name=versioned, include_version=True))
    # It tells markers after versions, whatever their order is.
    equal(sorted(one.is_delete_marker for one in found), [False, False, True], "the versions")
    equal([one.is_delete_marker for one in found if one.is_latest == "true"], [True], "the latest one")
    for one in found:
        client.remove_object(bucket_name=versioned, object_name="k", version_id=one.version_id)
    client.remove_bucket(bucket_name=versioned)


@step("what is refused says why")
def _():
    refused("NoSuchKey", lambda: read("nothing"))
    refused("BucketNotEmpty", lambda: client.remove_bucket(bucket_name=bucket))


@step("many deletes, and the end of the bucket")
def _():
    names = [one.object_name for one in client.list_objects(bucket_name=bucket, recursive=True)]
    errors = list(client.remove_objects(bucket_name=bucket, delete_object_list=[DeleteObject(name) for name in names]))
    equal(errors, [], "the errors")
    client.remove_bucket(bucket_name=bucket)


run()
