#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints the path of a qemu-system-x86_64 that has virtio-simple, and builds it first if need be.
#
#   build-qemu.sh                the path on stdout, everything else on stderr
#   build-qemu.sh --check PATH   exit 0 if that QEMU has virtio-simple, 1 and a line if not
#   build-qemu.sh --cached       like the first, but exit 1 rather than build
#
# DOORBELL_CACHE says where the results live (default: doorbell in the user's cache folder).
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=source.sh
. "$(dirname "${BASH_SOURCE[0]}")/source.sh"

CACHE=${DOORBELL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/doorbell}
[[ $CACHE == /* ]] || CACHE=$PWD/$CACHE

usage() { die "usage: build-qemu.sh [--cached | --check PATH]"; }

# The exit status does not tell: QEMU ends with 0 for a device that it does not have.
has_virtio_simple() {
	[[ $("$1" -device virtio-simple-pci,help 2>/dev/null) == *num-request-queues* ]]
}

check_qemu() {
	[ -x "$(command -v "$1")" ] || die "there is no program $1"
	has_virtio_simple "$1" ||
		die "$1 lacks virtio-simple; for one that has it: unset QEMU; make qemu"
}

# What went into a build, from local files only, so that a look at the cache asks no archive.
# The version of the source package is settled by the first build and part of the folder's name.
input_key() {
	(
		LC_ALL=C # the order of the files is the language's
		cd "$QEMU_DIR"
		cat -- *.[ch] build-qemu.sh source.sh meson.build Kconfig trace-events "$UAPI"/*.h
		grep -E '^(ID|VERSION_ID)=' /etc/os-release
		uname -m
	) | sha256sum | cut -c1-12
}

# Results appear by rename, so one that exists is whole.
print_cached() {
	local path
	for path in "$CACHE"/qemu-*-"$1"/bin/qemu-system-x86_64; do
		[ -x "$path" ] || return 1
		echo "$path"
		return 0
	done
}

# The second of two builds waits for the first, then finds its result.
take_lock() {
	exec 9>"$WORK/lock"
	flock -n 9 && return 0
	say "another build is running; waiting for it (its log: $LOG)"
	until flock -w 20 9; do
		say "still waiting; it is at: $(tail -n 1 "$LOG")"
	done
}

# Source and objects outlive a build: after an edit to the device only its own files are compiled.
build() {
	: >"$LOG"
	check_tools
	if [ ! -d "$WORK/src" ]; then
		own_sources | make_apt "$WORK/apt"
		fetch_source "$WORK"
	fi
	overlay "$WORK/src"
	configure "$WORK/src" "$WORK/build"
	compile "$WORK/build" qemu-system-x86_64
}

# The header lets a TCG plugin be compiled for exactly this binary.
install_result() {
	local stage=$WORK/stage result
	result=$CACHE/qemu-$(source_version "$WORK/src")-$1
	rm -rf "$stage" "$result"
	mkdir -p "$stage/bin" "$stage/include"
	strip -g -o "$stage/bin/qemu-system-x86_64" "$WORK/build/qemu-system-x86_64"
	cp "$WORK/src/include/qemu/qemu-plugin.h" "$stage/include/"
	has_virtio_simple "$stage/bin/qemu-system-x86_64" || step_failed "trying the new QEMU"
	mv "$stage" "$result"
	say "ready: $result"
}

# Edits to the device leave a result each; those of a day, which may be in use, and the newest few
# of the others are kept.
drop_old_results() {
	local old
	find "$CACHE" -maxdepth 1 -name 'qemu-*-????????????' -mtime +0 -printf '%T@ %p\n' |
		sort -rn | tail -n +6 | while read -r _ old; do rm -rf "$old"; done
}

main() {
	local key
	key=$(input_key)
	print_cached "$key" && return 0
	[ "${1:-}" != --cached ] || die "not built yet; 'make qemu' builds it"
	mkdir -p "$WORK"
	take_lock
	print_cached "$key" && return 0
	say "building QEMU with virtio-simple; a few minutes the first time (log: $LOG)"
	build >&2
	install_result "$key" >&2
	drop_old_results
	print_cached "$key"
}

# shellcheck disable=SC1091
WORK=$CACHE/qemu-work/$(. /etc/os-release && echo "$ID-${VERSION_ID:-rolling}")
LOG=$WORK/log

case ${1:-} in
--check) [ $# -eq 2 ] || usage; check_qemu "$2" ;;
--cached | '') [ $# -le 1 ] || usage; main "$@" ;;
*) usage ;;
esac
