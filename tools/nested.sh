# Engines in containers, for tests: to be sourced. They run on the engine that DOCKER_HOST
# names, and each is reached at its address, port 2375, over TCP.

nested_image=drillbook-elsewhere # kept, as a build of it takes a minute: make clean removes it

# nested_build: builds what they run from, on the base of the drills' own images.
nested_build() {
	local base=debian:trixie-slim
	docker image inspect "$base" >/dev/null 2>&1 || base=drillbook/debian:trixie
	docker build -q -t "$nested_image" --build-arg BASE="$base" tools/engine >/dev/null
}

# nested_start NAME NETWORK ADDRESS
# Not --privileged: that is refused on a machine that itself lacks a capability.
nested_start() {
	local names has n capabilities=(--cap-add ALL)
	names=(CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
		NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
		SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
		MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ)
	has=$((16#$(awk '/^CapBnd/ { print $2 }' /proc/self/status)))
	for n in "${!names[@]}"; do
		(((has >> n) & 1)) || capabilities+=(--cap-drop "${names[$n]}")
	done
	docker run -d --name "$1" --hostname "$1" --network "$2" --ip "$3" "${capabilities[@]}" \
		--security-opt seccomp=unconfined --security-opt systempaths=unconfined --security-opt apparmor=unconfined \
		--cgroupns=private "$nested_image" >/dev/null
}

# nested_await NAME ADDRESS: returns once the engine answers.
nested_await() {
	local try
	for try in $(seq 300); do
		if DOCKER_HOST=tcp://$2:2375 docker version >/dev/null 2>&1; then return; fi
		sleep 0.2
	done
	docker logs "$1" 2>&1 | tail -n 20 >&2
	echo "the engine in the container does not answer at tcp://$2:2375" >&2
	return 1
}

# nested_load ADDRESS IMAGE…: brings along all versions of images.
nested_load() {
	local at=$1 images
	mapfile -t images < <(for i in "${@:2}"; do docker images --format '{{.Repository}}:{{.Tag}}' "$i"; done)
	((${#images[@]} == 0)) || docker save "${images[@]}" | DOCKER_HOST=tcp://$at:2375 docker load >/dev/null
}
