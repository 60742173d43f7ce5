#!/bin/sh
# Stores, lists, reads and deletes a file by Torc's REST face, with curl.
#
#   TORC_HTTP=http://127.0.0.1:7480 TORC_CREDENTIALS=torc-data/credentials.json examples/rest.sh FILE
set -eu

file=${1:?usage: examples/rest.sh FILE}
at=${TORC_HTTP:-http://127.0.0.1:7480}
key=$(sed -E 's/.*"accessKey":"([^"]*)","secretKey":"([^"]*)".*/\1:\2/' "${TORC_CREDENTIALS:-torc-data/credentials.json}")
bucket=example-$$
# In a file, not among the arguments, which others on this machine can read.
headers=$(mktemp)
trap 'rm -f "$headers"' EXIT
printf 'Authorization: Bearer %s' "$key" > "$headers"
torc() { curl --silent --show-error --fail-with-body -H "@$headers" "$@"; }

torc -X POST "$at/buckets/$bucket"
torc -F "key=docs/first" -F "file=@$file" "$at/buckets/$bucket/files"
torc -T "$file" -H 'x-torc-meta-from: examples/rest.sh' "$at/buckets/$bucket/files/docs/second"
torc "$at/files/$bucket/docs/"
torc -r 0-15 -o /dev/null -w 'read %{size_download} bytes of it, status %{http_code}\n' "$at/$bucket/docs/second"
torc -X DELETE "$at/buckets/$bucket/docs/first"
torc -X DELETE "$at/buckets/$bucket?force"
