#!/usr/bin/env bash
# Carries out a night on a real engine that spreads work over machines: two nested Docker
# engines are joined to one Swarm, which gives four shards of eight smoke cells of two
# products to two nodes. One task is killed on the way and given out again. Then the shards
# are merged, and the page must say what happened. Whatever this makes is removed.
#
# usage: tools/swarm.sh [OUT]; bin/drillbook and the image of drillbook itself (SELF) must be there
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/nested.sh
out=${1:-reports/out/swarm-$$}
id=drillbook-swarm-$$
self=${SELF:-drillbook/drillbook}
net=198.18.$(($$ % 256))
outer=${DOCKER_HOST-}
nodes=("$id-1" "$id-2")

cleanup() {
	export DOCKER_HOST=$outer
	docker rm -f -v "${nodes[@]}" >/dev/null 2>&1 || true
	docker network rm "$id" >/dev/null 2>&1 || true
}
trap cleanup EXIT
trap 'exit 130' INT TERM

fail() {
	echo "swarm: $*" >&2
	exit 1
}
on() { # runs docker on node 1 or 2
	local n=$1
	shift
	DOCKER_HOST=tcp://$net.1$n:2375 docker "$@"
}

nested_build
docker network create --subnet "$net.0/24" "$id" >/dev/null
for n in 1 2; do nested_start "$id-$n" "$id" "$net.1$n"; done
for n in 1 2; do
	nested_await "$id-$n" "$net.1$n"
	nested_load "$net.1$n" drillbook/netadmin drillbook/postgres drillbook/dm8 "$self"
done
on 1 swarm init --advertise-addr "$net.11" >/dev/null
on 2 swarm join --token "$(on 1 swarm join-token -q worker)" "$net.11:2377" >/dev/null

night=$(mktemp)
cat >"$night" <<'NIGHT'
night: swarm
drills:
  - {product: postgres, runbooks: [lost-primary, sync-check], trials: 2}
  - {product: dm8, runbooks: [switchover, sync-check], trials: 2}
NIGHT
on 1 config create night "$night" >/dev/null
rm -f "$night"
on 1 service create -d --name drillbook --mode replicated-job --replicas 4 --max-concurrent 2 \
	--restart-condition on-failure --network host --config source=night,target=/night.yaml \
	--env 'SWARM_TASK_SLOT={{.Task.Slot}}' \
	--mount type=bind,source=/var/run/docker.sock,target=/var/run/docker.sock \
	--mount type=volume,source=drillbook-cache,target=/cache \
	--mount type=volume,source=drillbook-shards,target=/shards \
	"$self" run --night /night.yaml --shards 4 --out /shards >/dev/null
echo "swarm: 4 shards on 2 nodes"

# Once a drill is under way on node 2, its task is killed.
victim=
for _ in $(seq 600); do
	victim=$(on 2 ps -q --filter "label=com.docker.swarm.service.name=drillbook" | head -n 1)
	if [ -n "$victim" ] && on 2 logs "$victim" 2>&1 | grep -q 'cell 1 of'; then break; fi
	victim=
	sleep 1
done
[ -n "$victim" ] || fail "no task runs on node 2"
sleep 15 # into its drill
on 2 kill "$victim" >/dev/null
echo "swarm: task $victim was killed"

for try in $(seq 1800); do
	# 4 of 4 completed
	if on 1 service ls --filter name=drillbook --format '{{.Replicas}}' | grep -q '4/4 completed'; then break; fi
	((try < 1800)) || fail "the job does not end: $(on 1 service ps --no-trunc drillbook)"
	sleep 2
done
on 1 service ps drillbook
shards=$(mktemp -d)
for n in 1 2; do
	copy=$(on "$n" create --mount type=volume,source=drillbook-shards,target=/shards "$self" version)
	mkdir "$shards/node-$n"
	on "$n" cp "$copy:/shards/." "$shards/node-$n"
	on "$n" rm "$copy" >/dev/null
done
code=0
bin/drillbook merge "$shards" --out "$out" || code=$?
echo "swarm: merge ended with $code; the page is $out/index.html, the shards are in $shards"
grep -q '"code": "shard-twice"' "$out/results.json" || fail "the page does not say that a shard was given out twice"
[ "$(grep -c '"state": "not-run"' "$out/results.json" || true)" = 0 ] || fail "cells did not run"
exit "$code"
