#!/usr/bin/env bash
# Runs drillbook beside the members: in a container of the engine that DOCKER_HOST names, on
# the network of that engine's machine, where it dials members directly. Reports are copied
# to the folder OUT here (default: reports/out). The exit code is that of drillbook. An
# interrupt is passed on, so that it heals and saves.
#
# usage: tools/beside.sh COMMAND [ARGUMENT…], without --out
# SOCKET is the engine's socket on its own machine (default: /var/run/docker.sock).
# BESIDE_ENV names variables to pass on: "DM8_IMAGE IRIS_IMAGE".
set -euo pipefail
cd "$(dirname "$0")/.."
image=drillbook/drillbook
out=${OUT:-reports/out}
name=drillbook-beside-$$

tools/image.sh "$image" "${GO:-go}" >&2
pass=()
for variable in DRILLBOOK_DEBIAN ${BESIDE_ENV:-}; do
	if [ -n "${!variable-}" ]; then pass+=(--env "$variable"); fi
done
trap 'docker rm -f -v "$name" >/dev/null 2>&1 || true' EXIT
args=("$@")
case $1 in
run) args+=(--out /work/out) ;;
esac
docker create --name "$name" --network host "${pass[@]}" \
	--mount "type=bind,source=${SOCKET:-/var/run/docker.sock},target=/var/run/docker.sock" \
	--mount type=volume,source=drillbook-cache,target=/cache "$image" "${args[@]}" >/dev/null
# Not attached: an interrupt here is passed on once, and its end is waited for.
docker start "$name" >/dev/null
trap 'docker kill --signal TERM "$name" >/dev/null || true' INT TERM
docker logs -f "$name" &
logs=$!
until code=$(docker wait "$name"); do
	docker inspect "$name" >/dev/null || exit 4
done
wait "$logs" || true
if [ "$1" = run ]; then
	mkdir -p "$out"
	docker cp "$name:/work/out/." "$out" || code=4
fi
exit "$code"
