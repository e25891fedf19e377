# PostgreSQL's own programs, of the server's version, and curl for the bucket.
#
#   docker build --tag mediaport-backup --file deploy/backup.Dockerfile deploy
FROM postgres:17
RUN apt-get update \
    && apt-get install --yes --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=postgres --group=postgres /backups
COPY --chmod=755 backup.sh bucket.sh restore.sh /usr/local/bin/
USER postgres
# One that fails says so in the log, and in the health of its container.
CMD ["sh", "-c", "while :; do backup.sh || echo 'The backup has failed' >&2; sleep \"${BACKUP_EVERY_S:-86400}\"; done"]
