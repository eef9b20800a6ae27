#!/usr/bin/env bash
# Runs a command with DOCKER_HOST set to an engine that is not this machine's
# own: one in a container, reached over TCP. The images of drills are brought
# along. Whatever this makes is removed at the end, also if that is an interrupt.
#
# usage: tools/elsewhere.sh COMMAND [ARGUMENT…]
set -euo pipefail
cd "$(dirname "$0")/.."

name=drillbook-elsewhere-$$
image=drillbook-elsewhere # kept, as a build of it takes a minute: make clean removes it
outer=${DOCKER_HOST-} # the engine that the container runs on
net=198.18.$(($$ % 256))
port=2375

# The base of the drills' own images, here or from a registry.
base=debian:trixie-slim
docker image inspect "$base" >/dev/null 2>&1 || base=drillbook/debian:trixie

cleanup() {
	export DOCKER_HOST=$outer
	docker rm -f -v "$name" >/dev/null 2>&1 || true
	docker network rm "$name" >/dev/null 2>&1 || true
}
trap cleanup EXIT
trap 'exit 130' INT TERM

docker build -q -t "$image" --build-arg BASE="$base" tools/engine >/dev/null
docker network create --subnet "$net.0/24" "$name" >/dev/null

# Not --privileged: that is refused on a machine that itself lacks a capability.
names=(CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
	NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
	SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
	MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ)
has=$((16#$(awk '/^CapBnd/ { print $2 }' /proc/self/status)))
capabilities=(--cap-add ALL)
for n in "${!names[@]}"; do
	(((has >> n) & 1)) || capabilities+=(--cap-drop "${names[$n]}")
done
docker run -d --name "$name" --hostname "$name" --network "$name" --ip "$net.11" "${capabilities[@]}" \
	--security-opt seccomp=unconfined --security-opt systempaths=unconfined --security-opt apparmor=unconfined \
	--cgroupns=private "$image" >/dev/null

export DOCKER_HOST=tcp://$net.11:$port
unset DOCKER_CONTEXT
for try in $(seq 100); do
	if docker version >/dev/null 2>&1; then break; fi
	if ((try == 100)); then
		DOCKER_HOST=$outer docker logs "$name" 2>&1 | tail -n 20 >&2
		echo "elsewhere: the engine in the container does not answer at $DOCKER_HOST" >&2
		exit 1
	fi
	sleep 0.2
done
mapfile -t images < <(DOCKER_HOST=$outer docker images --format '{{.Repository}}:{{.Tag}}' | grep '^drillbook/' || true)
if ((${#images[@]} > 0)); then
	DOCKER_HOST=$outer docker save "${images[@]}" | docker load >/dev/null
fi
echo "elsewhere: engine $(docker version --format '{{.Server.Version}}') at $DOCKER_HOST"
"$@"
