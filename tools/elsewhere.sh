#!/usr/bin/env bash
# Runs a command with DOCKER_HOST set to an engine that is not this machine's
# own: one in a container, reached over TCP. The images of drills are brought
# along. Whatever this makes is removed at the end, also if that is an interrupt.
#
# usage: tools/elsewhere.sh COMMAND [ARGUMENT…]
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/nested.sh

name=drillbook-elsewhere-$$
outer=${DOCKER_HOST-} # the engine that the container runs on
net=198.18.$(($$ % 256))

cleanup() {
	export DOCKER_HOST=$outer
	docker rm -f -v "$name" >/dev/null 2>&1 || true
	docker network rm "$name" >/dev/null 2>&1 || true
}
trap cleanup EXIT
trap 'exit 130' INT TERM

nested_build
docker network create --subnet "$net.0/24" "$name" >/dev/null
nested_start "$name" "$name" "$net.11"
nested_await "$name" "$net.11"
nested_load "$net.11" "drillbook/*"
export DOCKER_HOST=tcp://$net.11:2375
unset DOCKER_CONTEXT
echo "elsewhere: engine $(docker version --format '{{.Server.Version}}') at $DOCKER_HOST"
"$@"
