#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Prints the path of lwIP's sources: the distribution's own source package `lwip`, fetched by the
# private apt that QEMU's sources come by, and unpacked into the cache. The first call needs the
# network; after it none does. LWIP= names another tree of lwIP, where there is no apt, say.
#
# DOORBELL_CACHE says where the results live (default: doorbell in the user's cache folder).
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../qemu/source.sh
. "$(dirname "${BASH_SOURCE[0]}")/../qemu/source.sh"

say() { printf 'lwip: %s\n' "$*" >&2; }

CACHE=${DOORBELL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/doorbell}
[[ $CACHE == /* ]] || CACHE=$PWD/$CACHE
# shellcheck disable=SC1091
SYSTEM=$(. /etc/os-release 2> /dev/null && echo "$ID-${VERSION_ID:-rolling}") || SYSTEM=unknown
# step and make_apt (qemu/source.sh) write there.
LOG=$CACHE/lwip-$SYSTEM.log

# Results appear by rename, so one that exists is whole. The version is part of its name.
print_cached() {
	local path
	for path in "$CACHE/lwip-$SYSTEM"-*/src/include/lwip/init.h; do
		[[ -r $path ]] || return 1
		echo "${path%/src/include/lwip/init.h}"
		return 0
	done
}

check_fetch_tools() {
	command -v apt-get > /dev/null ||
		die "the network needs lwIP, a source package of Debian and Ubuntu, and there is" \
			"no apt-get here: set LWIP= to a tree of lwIP 2.1 or later"
	command -v dpkg-source > /dev/null || die "fetching lwIP needs the package dpkg-dev"
}

# Ubuntu has lwIP beside its main archive; Debian has no component of that name.
lwip_sources() {
	local components=main
	[[ $SYSTEM == debian-* ]] || components='main universe'
	own_sources | sed "s/ main\$/ $components/"
}

# Downloads and unpacks in <work>, then moves what is whole to where it is looked for.
fetch() {
	local work=$1 dsc version apt=(apt-get -q -c "$1/apt/apt.conf" -o Acquire::Retries=3)
	lwip_sources | make_apt "$work/apt"
	cd "$work"
	step "reading the source index (needs the network)" \
		"${apt[@]}" -o APT::Update::Error-Mode=any update
	step "downloading lwIP's source package" "${apt[@]}" source --download-only lwip
	dsc=$(echo lwip_*.dsc)
	step "unpacking ${dsc%.dsc}" dpkg-source -x --no-copy "$dsc" "$work/lwip"
	[[ -r $work/lwip/src/include/lwip/init.h ]] || step_failed "looking for lwip/init.h"
	version=${dsc#lwip_}
	mv "$work/lwip" "$CACHE/lwip-$SYSTEM-${version%.dsc}"
}

main() {
	local work
	if [[ ${LWIP:-} ]]; then
		[[ -r $LWIP/src/include/lwip/init.h ]] ||
			die "LWIP=$LWIP: no src/include/lwip/init.h there"
		realpath "$LWIP"
		return 0
	fi
	print_cached && return 0
	mkdir -p "$CACHE"
	# The second of two calls waits for the first, then finds its result.
	exec 9> "$CACHE/lwip.lock"
	flock 9
	print_cached && return 0
	: > "$LOG"
	check_fetch_tools
	work=$(mktemp -d "$CACHE/lwip-fetch.XXXXXX")
	# shellcheck disable=SC2064
	trap "rm -rf '$work'" EXIT
	(fetch "$work") >&2
	print_cached
}

main
