#!/bin/sh
# put FILE, get FILE: a file to the bucket of backups, or from there. curl signs as S3 wants it.
set -eu

: "${BACKUP_BUCKET:?is the bucket for backups}" "${AWS_REGION:?is its region}"
: "${AWS_ACCESS_KEY_ID:?may write there}" "${AWS_SECRET_ACCESS_KEY:?is its secret}"
url=${BACKUP_URL:-https://$BACKUP_BUCKET.s3.$AWS_REGION.amazonaws.com}/$(basename "$2")

# The key comes by a pipe: arguments are seen by all of the host.
transfer() {
    printf 'user = "%s:%s"\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" |
        curl --config - --fail --silent --show-error --retry 3 \
            --aws-sigv4 "aws:amz:$AWS_REGION:s3" "$@" "$url"
}

case $1 in
    put) transfer --upload-file "$2" ;;
    get) transfer --output "$2" --remove-on-error ;;
    *) echo "put or get, not $1" >&2 && exit 2 ;;
esac
