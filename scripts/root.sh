# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# root.sh - minimal Debian systems in folders: made, entered, removed. Read by fresh-root and portable, which define
# say and die. A root is entered in a mount and process namespace of its own: what is mounted and started there is
# gone when it ends, so that outside of it the folder only ever holds plain files, which can be removed.

root_trusts=/etc/ssl/certs/ca-certificates.crt # certificates that this machine trusts ..
root_trusted=/etc/ssl/certs/of-host.crt        # .. and where they lie in a root, for pip

# Ends the script unless it can make and enter roots; more tools may be named.
root_needs() { # tool..
	local tool
	[ "$(id -u)" -eq 0 ] || die "needs root: it mounts and changes root"
	for tool in debootstrap unshare chroot "$@"; do
		command -v "$tool" >/dev/null || die "$tool is not installed"
	done
}

# The Debian mirror that apt uses here.
root_mirror() {
	local mirror
	mirror=$(sed -nE 's/^(URIs:|deb( \[[^]]*\])?) *(https?:[^ ]*\/debian\/?)( bookworm main.*)?$/\3/p' \
		/etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)
	echo "${mirror:-http://deb.debian.org/debian}"
}

# Makes an empty folder and prints its name; root_remove removes it.
root_folder() {
	local folder
	folder=$(readlink -f "$(mktemp -d "${TMPDIR:-/tmp}/wattmark-root-XXXXXX")")
	chmod 755 "$folder"
	echo "$folder"
}

# A minimal Debian in the folder, with the network and the apt settings of this machine.
root_make() { # release folder debootstrap-option..
	local release=$1 folder=$2 mirror
	shift 2
	mirror=$(root_mirror)
	say "debootstrap of $release from $mirror into $folder"
	debootstrap --variant=minbase "$@" "$release" "$folder" "$mirror" >"$folder.log" 2>&1 ||
		die "debootstrap failed, see $folder.log"
	rm -f "$folder.log"
	apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-)' >"$folder/etc/apt/apt.conf.d/99host" || true
	cp -L /etc/resolv.conf "$folder/etc/resolv.conf"
	# where the way out has a certificate of its own, this machine knows it
	[ ! -e $root_trusts ] || install -D -m 644 $root_trusts "$folder$root_trusted"
	echo "127.0.0.1 localhost" >"$folder/etc/hosts"
}

# Removes the folder, but nothing of another file system and nothing at all while anything is mounted below it.
root_remove() { # folder
	[ -n "$1" ] && [ -d "$1" ] || return 0
	if grep -qF " $1" /proc/self/mountinfo; then
		echo "something is still mounted under $1; it is left as it is" >&2
		return 0
	fi
	rm -rf --one-file-system "$1"
}

# Runs a command in namespaces of its own; what it starts dies with it.
root_unshare() { # command..
	unshare --mount --propagation private --pid --fork --kill-child "$@"
}

# Inside the namespaces: what programs expect to be mounted.
root_mount() { # folder
	mount -t proc proc "$1/proc"
	mount -t sysfs -o ro sysfs "$1/sys"
	mount --bind /dev "$1/dev"
	mount -t tmpfs tmpfs "$1/dev/shm"
	mount -t devpts devpts "$1/dev/pts"
}

# Inside the namespaces: a line of bash in the root, with a bare environment.
root_run() { # folder line
	local settings=(HOME=/root LANG=C.UTF-8 TERM=dumb PATH=/usr/sbin:/usr/bin:/sbin:/bin)
	[ -z "${http_proxy:-}" ] || settings+=(http_proxy="$http_proxy")
	[ -z "${https_proxy:-}" ] || settings+=(https_proxy="$https_proxy")
	[ ! -e "$1$root_trusted" ] || settings+=(PIP_CERT="$root_trusted")
	env -i "${settings[@]}" chroot "$1" /bin/bash -c "$2"
}
