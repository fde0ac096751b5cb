#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs `make test` where a user may be: in other distributions, as other users, with other settings.
# Takes root, debootstrap, 15 GB and hours, so it is not part of `make test`.
#
#   tests/surroundings.sh [NAME...]   all of the table below, or some; a line for each:
#                                     NAME: N passed, M failed, T s
#   tests/surroundings.sh --list      their names
#
# COMMANDS='make test-host' for less than both commands of the README.
# Exit status 1 when a test failed, or when what was asked for by name could not run.
# A distribution comes from the mirror that apt reads here when this is one of its machines, else
# from DEBIAN_MIRROR= or UBUNTU_MIRROR=. Everything is kept in the user's cache folder: SYSTEM/bare
# is a fresh installation, SYSTEM/ready has the packages and QEMU too, NAME.log is what a run said.
# A run writes to a layer above these, in namespaces of its own, which take its mounts and its
# processes along when it ends, however it ends.
set -euo pipefail
export LC_ALL=C

# name | system | user | what it lacks | what that user types before `make run` and `make test`
#
# Users: root; user, who cannot become root; sudo, who can, and has no packages installed yet.
# All have the files and variables of `settings` below. $tree is where the clone goes. The last two
# rows are most of the others at once.
table() {
	cat <<-'END'
		debian-12|debian-12|root||
		debian-13|debian-13|root||
		ubuntu-24.04|ubuntu-24.04|root||
		sudo|debian-12|sudo||
		user|debian-12|user||
		german|debian-12|user||export LANG=de_DE.UTF-8 LANGUAGE=de
		turkish|debian-12|user||export LANG=tr_TR.UTF-8 LANGUAGE=tr
		c-locale|debian-12|user||export LANG=C LC_ALL=C
		umask|debian-12|user||umask 077
		kolkata|debian-12|user||export TZ=Asia/Kolkata
		path|debian-12|user||tree="$HOME/a path with spaces/ünïcode"
		homeless|debian-12|user||unset HOME
		no-ipv6|debian-12|user|ipv6|
		offline|debian-12|user|network|
		no-kvm|debian-12|root|kvm|
		together|debian-12|user|network kvm|umask 077; LANG=de_DE.UTF-8; tree=~/"a b/ünï"
		turk|debian-12|sudo||export LANG=tr_TR.UTF-8 TZ=Asia/Kolkata; unset HOME
	END
}

# What bit somebody once, or could: files in $HOME, then the environment of the shell.
settings() {
	mkdir -p ~/.config/procps ~/.local/lib/python3/site-packages
	printf '%s\n' 'set pagination on' 'set confirm on' 'echo dear user\n' > ~/.gdbinit
	printf '%s\n' 'include' 'write-out = "\nbye\n"' 'user-agent = "me"' > ~/.curlrc
	printf '%s\n' '[color]' 'ui = always' '[core]' 'pager = less' 'quotepath = false' \
		'[log]' 'decorate = full' '[commit]' 'gpgsign = true' > ~/.gitconfig
	printf '%s\n' '[pytest]' 'addopts = --strict-markers -x' > ~/pytest.ini
	printf '%s\n' 'enable=all' > ~/.shellcheckrc
	printf '%s\n' 'raise SystemExit("not the module you want")' | tee ~/.local/qemu.py \
		~/.local/knobs.py ~/.local/machine.py > ~/.local/conftest.py
	export PYTHONPATH=$HOME/.local PYTHONWARNINGS=default PYTHONOPTIMIZE=1 PYTEST_ADDOPTS=-x
	export GREP_OPTIONS=--color=always CLICOLOR_FORCE=1 PY_COLORS=1 GCC_COLORS='error=01;31'
	export CDPATH=.:$HOME MAKEFLAGS=-j3 CFLAGS=-O3 LDFLAGS=-Wl,--as-needed
	export TERM=xterm-256color COLUMNS=40 LINES=10 PAGER=less LESS=-FRX EDITOR=vi
	export XDG_RUNTIME_DIR=/nowhere DISPLAY=:9
}

# ---- one place for each thing --------------------------------------------------------------------
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." > /dev/null && pwd)
kept=${DOORBELL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/doorbell}
cache=$kept/surroundings
commands=${COMMANDS:-make run && make test}
limit=7200 # seconds for them
root_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

say() { printf 'surroundings: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }

# The suite of a system, and beside it those with its repairs.
codename() {
	case $1 in
	debian-12) echo bookworm ;;
	debian-13) echo trixie ;;
	ubuntu-24.04) echo noble ;;
	*) die "$1 is no system that this script knows" ;;
	esac
}

# Where apt gets a suite of this host from: lines "uri suite".
host_archives() {
	# shellcheck disable=SC2016 # the $( ) are apt's
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | sort -u
}

# mirror DISTRIBUTION [-security]: the archive of its suites, or of those with that ending.
mirror() {
	local setting=${1^^}_MIRROR id host
	# shellcheck source=/dev/null
	id=$(. /etc/os-release && echo "$ID")
	# shellcheck source=/dev/null
	host=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	if [[ ${!setting:-} ]]; then
		[[ ${2:-} ]] || echo "${!setting}"
	elif [[ $id == "$1" ]]; then
		host_archives | awk -v suite="$host${2:-}" '$2 == suite { print $1; exit }'
	fi
}

# The lines of sources.list for a system.
sources() {
	local distribution=${1%-*} suite main security components=main
	suite=$(codename "$1")
	main=$(mirror "$distribution")
	security=$(mirror "$distribution" -security)
	[[ $distribution != ubuntu ]] || components='main universe'
	echo "deb $main $suite $components"
	echo "deb $main $suite-updates $components"
	[[ -z $security ]] || echo "deb $security $suite-security $components"
}

# ---- inside: a root file system and a process tree of its own ------------------------------------
# enter ROOT LACKS COMMAND...: runs it there as root. Nothing is mounted outside the namespace.
enter() {
	local root=$1 lacks=$2 spaces=(--mount --pid --fork --kill-child)
	shift 2
	[[ ! $lacks =~ network|ipv6 ]] || spaces+=(--net)
	unshare "${spaces[@]}" "$here/tests/surroundings.sh" --inside \
		"$root" "$lacks" "$@"
}

# The other end of `enter`.
inside() {
	local root=$1 lacks=$2 node
	shift 2
	if [[ -d $root/upper ]]; then
		mount -t overlay overlay "$root/root" \
			-o "lowerdir=$(< "$root/lower"),upperdir=$root/upper,workdir=$root/work"
		root=$root/root
	fi
	mount -t proc proc "$root/proc"
	mount -t sysfs sysfs "$root/sys"
	mount -t tmpfs -o mode=755 dev "$root/dev"
	mkdir "$root"/dev/{pts,shm,net}
	mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
	mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
	for node in null zero full random urandom tty net/tun kvm; do
		if [[ -e /dev/$node && " $lacks " != *" $node "* ]]; then
			cp -a "/dev/$node" "$root/dev/$node"
		fi
	done
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
	ln -s fd/0 "$root/dev/stdin"
	ln -s fd/1 "$root/dev/stdout"
	ln -s fd/2 "$root/dev/stderr"
	narrow_network "$lacks"
	exec env -i HOME=/root LC_ALL=C.UTF-8 "PATH=$root_path" chroot "$root" "$@"
}

# A network with a loopback device, and no way out; the namespace is a new one.
narrow_network() {
	[[ $1 =~ network|ipv6 ]] || return 0
	[[ $1 != *ipv6* ]] || echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6
	ip link set lo up
}

# ---- systems, each made once ---------------------------------------------------------------------
# As the installer leaves it with the standard task: all packages of that priority, and what every
# desktop and server has beside them. The two keys of apt's are those of this host.
make_bare() {
	local system=$1 root=$cache/$1/bare keyring script
	keyring=/usr/share/keyrings/${system%-*}-archive-keyring.gpg
	[[ ! -d $root ]] || return 0
	[[ -r $keyring ]] || { say "$system: no $keyring: install the package with it"; return 1; }
	say "$system: debootstrap, then the standard task (once)"
	# What debootstrap calls all of them after; an older one may not know the suite's own name.
	script=/usr/share/debootstrap/scripts/sid
	[[ $system != ubuntu-* ]] || script=/usr/share/debootstrap/scripts/gutsy
	rm -rf "$root.part"
	mkdir -p "$root.part"
	debootstrap --keyring="$keyring" "$(codename "$system")" "$root.part" \
		"$(mirror "${system%-*}")" "$script" || return 1
	sources "$system" > "$root.part/etc/apt/sources.list"
	apt-config dump | grep -E '^Acquire::(http|https|ftp|Check-|Retries)' \
		> "$root.part/etc/apt/apt.conf.d/90host" || true
	cp -L /etc/resolv.conf "$root.part/etc/resolv.conf"
	printf '127.0.0.1 localhost %s\n::1 localhost\n' "$(hostname)" > "$root.part/etc/hosts"
	echo '#!/bin/sh
exit 101' > "$root.part/usr/sbin/policy-rc.d" # starts no service of what it installs
	chmod +x "$root.part/usr/sbin/policy-rc.d"
	enter "$root.part" '' /bin/bash -euc "$(declare -f furnish); furnish" || return 1
	mv "$root.part" "$root"
}

# In the new system: its packages, three locales, three users.
furnish() {
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get dist-upgrade -y -qq
	apt-cache dumpavail | awk '/^Package:/ { name = $2 }
		/^Priority: (important|standard)$/ { print name }' | sort -u |
		xargs apt-get install -y -qq udev hwdata locales tzdata man-db less vim-tiny \
			bash-completion dnsmasq-base ca-certificates sudo git make
	printf '%s.UTF-8 UTF-8\n' de_DE tr_TR en_US > /etc/locale.gen
	locale-gen de_DE.UTF-8 tr_TR.UTF-8 en_US.UTF-8
	useradd -m -s /bin/bash user
	useradd -m -s /bin/bash -G sudo sudo-user
	echo 'sudo-user ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/sudo-user
	apt-get clean
}

# What `make test` installs, builds and fetches, once for all surroundings of a system: a layer
# above the bare one. Results of this host's own cache are taken where they are of the same version.
make_ready() {
	local system=$1 layer=$cache/$1/ready
	new_layer "$layer" "$cache/$system/bare" keep
	mkdir -p "$layer/upper/var/cache/doorbell"
	results "$kept" | xargs -0 -r cp -a -n -t "$layer/upper/var/cache/doorbell"
	bring_tree "$layer/upper/mnt"
	say "$system: packages, QEMU and what else is fetched or built once"
	enter "$layer" '' /bin/bash -c 'set -eu; export DOORBELL_CACHE=/var/cache/doorbell
		cd /mnt && rm -rf doorbell && git clone -q tree.bundle doorbell && cd doorbell
		[ ! -s ../changes ] || git apply ../changes
		make setup qemu && tests/oracle/linux/fetch-linux.sh && tools/fetch-lwip.sh
		rm -rf /mnt/doorbell; apt-get clean' < /dev/null || return 1
}

# make_system SYSTEM: the layers that a run stands on. Nothing else runs on them while they are
# made: the lock is the run's afterwards, shared with others.
make_system() {
	local made=$cache/$1/ready/made wanted
	wanted=$(cd "$here" && sha256sum apt-packages.txt qemu/* drivers/virtio/uapi/* \
		tools/fetch-lwip.sh tests/oracle/linux/fetch-linux.sh)
	flock -x 8
	make_bare "$1" || return 1
	if [[ $wanted != "$(cat "$made" 2> /dev/null)" ]]; then
		make_ready "$1" || return 1
		echo "$wanted" > "$made"
	fi
	flock -s 8
}

# What a cache holds that is a result; each says in its name what it is of.
results() {
	find "$1" -mindepth 1 -maxdepth 1 ! -name qemu-work ! -name surroundings \
		! -name '*-fetch.*' ! -name '*.lock' ! -name '*.log' -print0
}

# new_layer FOLDER LOWER [keep]: an overlay, which `inside` mounts.
new_layer() {
	[[ ${3:-} == keep ]] || rm -rf "$1"
	mkdir -p "$1"/{upper,root}
	rm -rf "$1/work"
	mkdir "$1/work"
	chmod 755 "$1/upper"
	echo "$2" > "$1/lower"
}

# The last commit, and what is changed beside it.
bring_tree() {
	mkdir -p "$1"
	git -C "$here" bundle create -q "$1/tree.bundle" HEAD
	git -C "$here" diff --binary HEAD > "$1/changes"
}

# ---- a run ---------------------------------------------------------------------------------------
# Types as the user would in a shell: the words of the table, then in a clone the commands.
type_commands() {
	settings
	cd ~ || exit 2
	tree=$HOME/doorbell
	eval "$1"
	mkdir -p "$tree" && cd "$tree" || exit 2
	git clone -q /mnt/tree.bundle . || exit 2
	[ ! -s /mnt/changes ] || git apply /mnt/changes || exit 2
	eval "$2"
}

# As the user, with a login's environment and nothing of ours.
session() {
	local user=$1 typed=$2 path=/usr/local/bin:/usr/bin:/bin:/usr/games name
	[[ $user != root ]] || path=$PATH
	name=$(getent passwd "$user" | cut -d: -f6)
	mkdir -p "$name/.cache"
	if [[ -d /var/cache/doorbell ]]; then
		mkdir "$name/.cache/doorbell"
		results /var/cache/doorbell | xargs -0 -r cp -a -t "$name/.cache/doorbell"
	fi
	chown -R "$user:" "$name/.cache"
	exec runuser -u "$user" -- env -i HOME="$name" USER="$user" LOGNAME="$user" \
		SHELL=/bin/bash LANG=en_US.UTF-8 PATH="$path" /bin/bash -c \
		"$(declare -f settings type_commands); type_commands \"\$@\"" login "$typed" "$3"
}

# run NAME SYSTEM USER LACKS TYPED: prints its line.
run() {
	local name=$1 system=$2 user=$3 lacks=$4 typed=$5 layer=$cache/run-$1 lower begun status=0
	lower=$cache/$system/bare
	if [[ -z $(mirror "${system%-*}") && ! -d $lower ]]; then
		echo "$name: not run: set ${system%-*}_MIRROR" | sed 's/set \(.*\)_M/set \U\1_M/'
		return 3
	fi
	exec 8> "$cache/$system.lock"
	if ! make_system "$system" >> "$cache/$system.log" 2>&1; then
		echo "$name: not run: $system could not be made: $cache/$system.log"
		return 3
	fi
	[[ $user == sudo ]] || lower=$cache/$system/ready/upper:$lower
	new_layer "$layer" "$lower"
	if [[ $user == sudo ]]; then
		user=sudo-user
		mkdir -p "$layer/upper/var/cache/doorbell"
		results "$cache/$system/ready/upper/var/cache/doorbell" |
			xargs -0 -r cp -a -t "$layer/upper/var/cache/doorbell"
	fi
	bring_tree "$layer/upper/mnt"
	begun=$SECONDS
	enter "$layer" "$lacks" /usr/bin/timeout "$limit" /bin/bash -c \
		"$(declare -f settings type_commands results session); session \"\$@\"" \
		session "$user" "$typed" "$commands" \
		< /dev/null > "$cache/$name.log" 2>&1 || status=$?
	tell "$name" "$status" "$((SECONDS - begun))"
}

# tell NAME STATUS SECONDS: the line of a run; what it wrote goes when all is well.
tell() {
	local count
	count=$(grep -xE '[0-9]+ passed, [0-9]+ failed' "$cache/$1.log" | tail -n 1) || true
	count=${count:-ended with status $2}
	if [[ $2 == 0 ]]; then
		rm -rf "$cache/run-$1"
		echo "$1: $count, $3 s"
		return 0
	fi
	echo "$1: $count, $3 s ($cache/$1.log; its files: $cache/run-$1/upper)"
	return 1
}

main() {
	local name system user lacks typed wrong=0 status names=" $* "
	[[ $(id -u) == 0 ]] || die "only root can make and enter root file systems"
	command -v debootstrap > /dev/null || die "no debootstrap: apt-get install debootstrap"
	for name in "$@"; do
		table | grep -q "^$name|" || die "there is no $name; --list shows what there is"
	done
	mkdir -p "$cache"
	while IFS='|' read -r name system user lacks typed <&7; do
		[[ $# == 0 || $names == *" $name "* ]] || continue
		status=0
		run "$name" "$system" "$user" "$lacks" "$typed" || status=$?
		[[ $status == 0 || ($status == 3 && $# == 0) ]] || wrong=1
	done 7< <(table)
	return "$wrong"
}

case ${1:-} in
--inside) shift; inside "$@" ;;
--list) table | cut -d'|' -f1 ;;
*) main "$@"; exit ;; # on one line: bash would read on in a file that is edited meanwhile
esac
