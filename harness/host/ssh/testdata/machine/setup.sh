# Sets up a machine as its owner does: sshd, a user who logs in, the database's user, and a
# sudo rule that lets the former be the latter, cut the network, and make one folder.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends openssh-server sudo nftables iproute2 tcsh
useradd --create-home --shell /bin/bash dba
useradd --create-home --shell /usr/sbin/nologin db
cat >/etc/sudoers.d/drill <<'END'
dba ALL=(db) NOPASSWD: ALL
dba ALL=(root) NOPASSWD: /usr/sbin/nft, /usr/bin/install -d -m 1777 /run/drillbook
END
chmod 440 /etc/sudoers.d/drill
install -d -m 700 -o dba -g dba /home/dba/.ssh
mkdir -p /run/sshd
rm -f /etc/ssh/ssh_host_*
apt-get clean
rm -rf /var/lib/apt/lists/*
