#!/bin/sh
# Writes the database to a file in BACKUP_DIR and to BACKUP_BUCKET. Only when both have it are old
# files removed and `last-success` touched, which is what the health check of compose looks at.
set -eu
umask 077

here=$(dirname "$0")
folder=${BACKUP_DIR:-/backups}
name=mediaport-$(date -u +%Y-%m-%dT%H-%M-%SZ).dump
trap 'rm -f "$folder/.$name"' EXIT

pg_dump --format=custom --file="$folder/.$name"
pg_restore --list "$folder/.$name" >/dev/null # it can be read again
mv "$folder/.$name" "$folder/$name"
"$here/bucket.sh" put "$folder/$name"

find "$folder" -name 'mediaport-*.dump' -mtime "+${BACKUP_KEEP_DAYS:-7}" -delete
touch "$folder/last-success"
echo "$name"
