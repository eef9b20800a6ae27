# Every machine has host keys of its own.
[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
rm -rf /run/drillbook # /run is empty after a boot, but not in a container that is started again
mkdir -p /run/sshd
exec /usr/sbin/sshd -D -e
