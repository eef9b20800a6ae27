#!/bin/bash
# What a failover takes with nothing around it: two PostgreSQL members from the
# drills' image, a table, then kill the primary, promote the standby, and write
# until a write is acknowledged. Prints the milliseconds from the kill to the
# acknowledgement. No client runs meanwhile, and nobody measures or decides.
#
# usage: bench/bare-failover.sh IMAGE
set -euo pipefail

image=${1:?usage: bench/bare-failover.sh IMAGE}
run=drillbook-bare-$$
a=$run-a b=$run-b

clean() {
	docker rm -f -v "$a" "$b" >/dev/null 2>&1 || true
	docker network rm "$run" >/dev/null 2>&1 || true
}
trap clean EXIT

settings='wal_log_hints = on
wal_retrieve_retry_interval = 100ms
shared_buffers = 128MB
max_connections = 500'

docker network create "$run" >/dev/null
docker run -d --name "$a" --network "$run" -e DRILL_SETTINGS="$settings
cluster_name = 'a'" "$image" >/dev/null
docker run -d --name "$b" --network "$run" -e DRILL_SETTINGS="$settings
cluster_name = 'b'" -e DRILL_PRIMARY_CONNINFO="host=$a user=postgres application_name=b" "$image" >/dev/null

sql() { docker exec "$1" psql -X -At -v ON_ERROR_STOP=1 -c "$2"; }
for _ in $(seq 100); do
	[[ $(sql "$a" "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'" 2>/dev/null) == 1 ]] && break
	sleep 0.1
done
sql "$a" 'CREATE TABLE t (n int)' >/dev/null
sleep 1 # let it settle, as the drill's baseline does

began=$(date +%s%N)
docker kill "$a" >/dev/null
docker exec "$b" pg_ctl promote -D /var/lib/postgresql/data >/dev/null
until sql "$b" 'INSERT INTO t VALUES (1)' >/dev/null 2>&1; do :; done
ended=$(date +%s%N)
echo $(((ended - began) / 1000000))
