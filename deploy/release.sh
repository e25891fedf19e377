#!/bin/sh
# release.sh HOST VERSION: builds the images of this checkout, brings them to the host with the files
# that belong to them, and starts them; where an older version runs, after a backup. Needs .env there.
set -eu

host=${1:?is where to, such as ubuntu@media.example.com} version=${2:?is what to call it}
cd "$(dirname "$0")/.."
images="mediaport:$version mediaport-backup:$version"

# The host has an x86 processor, whatever this machine has.
docker build --platform linux/amd64 --tag "mediaport:$version" .
docker build --platform linux/amd64 --tag "mediaport-backup:$version" \
    --file deploy/backup.Dockerfile deploy
# shellcheck disable=SC2086 # these are two
docker save $images | ssh -C "$host" docker load

ssh "$host" 'cd mediaport && ! docker compose ps --services 2>/dev/null | grep -qx backup ||
    docker compose exec -T backup backup.sh'
# Migrations may want that nobody works meanwhile. Caddy holds the requests.
scp -pr compose.prod.yaml deploy "$host:mediaport/"
ssh "$host" "cd mediaport && sed -i 's/^MEDIAPORT_VERSION=.*/MEDIAPORT_VERSION=$version/' .env &&
    docker compose stop api worker && docker compose up --detach --wait && docker compose run --rm doctor"
