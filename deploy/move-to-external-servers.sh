#!/bin/sh
# Move an installation of `make run` to an external PostgreSQL and Redis, which a second host can share.
#
# Stop `make run`. Create a database with pgvector on the new server, as its superuser:
#   CREATE ROLE vuemantics LOGIN PASSWORD 'password';
#   CREATE DATABASE vuemantics OWNER vuemantics;
#   \connect vuemantics
#   CREATE EXTENSION vector;
# Fill in the settings file (vuemantics.env). Then run this script in the project's directory, as the user of `make run`:
#   deploy/move-to-external-servers.sh /etc/vuemantics.env /srv/vuemantics/backup
set -eu
settings=$1
backup=$2

# Without the new settings: from the embedded PostgreSQL, which this starts and stops.
.venv/bin/python manage.py backup "$backup"

# With the new settings: into the empty database, and the files into VUEMANTICS_MEDIA.
set -a
. "$settings"
set +a
.venv/bin/python manage.py check --database default
.venv/bin/python manage.py restore "$backup"

cat << 'END'
Moved. On this host:      systemctl enable --now vuemantics-web vuemantics-worker@1 vuemantics-worker@2
On every further host:    systemctl enable --now vuemantics-worker@1 vuemantics-worker@2
Users stay signed in if SECRET_KEY in the settings file is the content of the file secret-key in the backup.
END
