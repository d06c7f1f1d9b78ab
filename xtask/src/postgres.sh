# Keeps one throwaway PostgreSQL: $1 is the folder of its programs, $2 its port; the other words go to
# `initdb`. Runs as a user that PostgreSQL accepts, never as root.
#
# The first line of its standard input is the password of the user `palitra`. Then it reads `crash`, `stop` and
# `start` and answers `stopped` or `ready HOME`. When its input closes, because whoever started it is done or
# dead, the server is stopped and its files are removed: so nothing is left behind by a failure, a Ctrl-C or a
# `kill -9`.
set -u
trap '' INT TERM HUP
programs=$1 port=$2
shift 2
read -r password || exit 1

home=$(mktemp -d "${TMPDIR:-/tmp}/palitra-postgres-XXXXXX" 2>/dev/null) ||
    home=$(mktemp -d /tmp/palitra-postgres-XXXXXX) || exit 1
trap 'stop_now; rm -rf "$home"' EXIT
cd "$home" || exit 1

fail() {
    echo "$1" >&2
    tail -n 20 "$home/log" >&2
    exit 1
}

# Only the default settings matter to the tests, so the server keeps them, `fsync` included.
start() {
    "$programs/pg_ctl" --pgdata=data --log=log --wait --options="-p $port -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories='$home' -c unix_socket_permissions=0700 -c max_connections=200" \
        start >>log 2>&1 || fail "PostgreSQL does not start"
    echo "ready $home"
}

stop_now() {
    "$programs/pg_ctl" --pgdata="$home/data" --mode=immediate --wait stop >/dev/null 2>&1
}

printf '%s' "$password" >password
"$programs/initdb" --pgdata=data --no-sync --username=palitra --pwfile=password --encoding=UTF8 \
    --auth-local=trust --auth-host=scram-sha-256 "$@" >log 2>&1 || fail "PostgreSQL cannot make its files"
start
while read -r word; do
    case $word in
    crash) stop_now; echo stopped ;;
    stop) "$programs/pg_ctl" --pgdata=data --mode=fast --wait stop >>log 2>&1; echo stopped ;;
    start) start ;;
    esac
done
