#!/bin/sh
# restore.sh NAME: makes the database what the backup of this name says, from BACKUP_DIR, else from
# BACKUP_BUCKET. It is restored beside the one that is there, which then stays under another name:
# what fails halfway has changed nothing. Stop the API and the workers before.
set -eu
umask 077

here=$(dirname "$0")
file=${BACKUP_DIR:-/backups}/${1:?is the name of a backup, such as mediaport-2026-11-29T02-00-00Z.dump}
now=$(date -u +%Y%m%d%H%M%S)
new=${PGDATABASE:?is the database}_new_$now
old=${PGDATABASE}_before_$now
trap 'dropdb --if-exists "$new"' EXIT

test -f "$file" || "$here/bucket.sh" get "$file"
createdb --template=template0 "$new"
pg_restore --exit-on-error --no-owner --dbname="$new" "$file"
psql --quiet --set=ON_ERROR_STOP=1 --dbname=postgres --output=/dev/null <<SQL
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$PGDATABASE';
ALTER DATABASE "$PGDATABASE" RENAME TO "$old";
ALTER DATABASE "$new" RENAME TO "$PGDATABASE";
SQL
echo "Restored $1. The database before it is $old: dropdb $old, once all is well."
