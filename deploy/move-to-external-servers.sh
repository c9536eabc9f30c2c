#!/bin/sh
# Move an installation of `make run` to an external PostgreSQL and Redis, which a second host can share.
#
# Stop `make run`. Create a database with pgvector on the new server, as its superuser:
#   CREATE ROLE vuemantics LOGIN PASSWORD 'password';
#   CREATE DATABASE vuemantics OWNER vuemantics;
#   \connect vuemantics
#   CREATE EXTENSION vector;
# Fill in the settings file (vuemantics.env). Then run this script as root in the project's directory:
#   deploy/move-to-external-servers.sh /etc/vuemantics.env /srv/vuemantics/backup [USER]
#
# USER is the user of the systemd units (default: vuemantics). If `make run` was started with settings such as
# VUEMANTICS_VAR, start this script with the same ones. After an error, run the same command again.
set -eu

fail() {
    echo "$0: $1" >&2
    exit 1
}

# Run a command as a user, in the current environment but with the user's home directory.
run_as() {
    user=$1
    shift
    HOME=$(getent passwd "$user" | cut -d: -f6) runuser -u "$user" -- "$@"
}

# Replace this shell's settings with those of the file. The file is not executed: values are literal, as for systemd.
load_settings() {
    for name in $(env | sed -En 's/^((VUEMANTICS|AWS)_[A-Z0-9_]*|DATABASE_URL|REDIS_URL|SECRET_KEY)=.*/\1/p'); do
        unset "$name"
    done
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
            '' | '#'*) continue ;;
            *\\*) fail "$1: remove the backslash after ${line%%=*}=" ;;
            *=*) ;;
            *) fail "$1: a line is not NAME=VALUE" ;;
        esac
        name=${line%%=*}
        value=${line#*=}
        case $name in
            '' | [!A-Z]* | *[!A-Z0-9_]*) fail "$1: invalid name of a setting: $name" ;;
        esac
        case $value in
            \"*\" | \'*\')
                value=${value#?}
                value=${value%?}
                ;;
        esac
        export "$name=$value"
    done < "$1"
    [ -n "${DATABASE_URL:-}" ] || fail "$1: DATABASE_URL is missing"
}

[ $# -ge 2 ] || fail "usage: $0 SETTINGS_FILE BACKUP_DIR [USER]"
[ "$(id -u)" = 0 ] || fail "run this script as root, who alone can read the settings file"
settings=$1
backup=${2%/}
new_user=${3:-vuemantics}
var=${VUEMANTICS_VAR:-var}
[ -f "$settings" ] || fail "$settings does not exist"
[ -d "$var" ] || fail "$var does not exist: run this script where \`make run\` was started, with the same VUEMANTICS_VAR"
old_user=$(stat -c %U "$var")
(load_settings "$settings")
run_as "$new_user" test -x .venv/bin/python || fail "$new_user cannot run $PWD/.venv/bin/python"

# Back up as the user of `make run`, from the embedded PostgreSQL, which this command starts and stops.
[ -e "$backup" ] || install -d -m 700 -o "$old_user" "$backup"
(
    unset DATABASE_URL REDIS_URL
    run_as "$old_user" .venv/bin/python manage.py backup "$backup"
)

# The new user needs a separate copy: the backup may be hard-linked to the files of `make run`, which keep their owner.
source=$backup
if [ "$old_user" != "$new_user" ]; then
    source=$(mktemp -d "$backup.XXXXXX")
    trap 'rm -rf "$source"' EXIT
    cp -Rp "$backup/." "$source"
    chown -R "$new_user:" "$source"
fi

# Restore into the empty database and VUEMANTICS_MEDIA as the user of the units, so that the units can read the files.
(
    load_settings "$settings"
    run_as "$new_user" .venv/bin/python manage.py check --database default
    run_as "$new_user" .venv/bin/python manage.py restore "$source"
)

cat << 'END'
Moved. On this host:      systemctl enable --now vuemantics-web vuemantics-worker@1 vuemantics-worker@2
On every further host:    systemctl enable --now vuemantics-worker@1 vuemantics-worker@2
Users stay signed in if SECRET_KEY in the settings file is the content of the file secret-key in the backup.
END
