#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Proves that virtio-simple compiles, without a warning, in the QEMU source packages of Debian 12
# (7.2) and Debian 13 or 12's backports (10.0). Runs on Debian; needs the network the first time.
#
#   check-versions.sh           our objects, QEMU's files that we edit, and what those need
#   check-versions.sh --full    the whole program too, and starts it with the device
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=source.sh
. "$(dirname "${BASH_SOURCE[0]}")/source.sh"

CHECK=${DOORBELL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/doorbell}/qemu-check
FULL=

# A version of QEMU and the suites to look for it in; the first that has it serves.
VERSIONS=("7.2 bookworm" "10.0 bookworm-backports trixie")

# get_source <dir> <version> <suite>...: in a subshell for each, since a failed step exits.
get_source() {
	local dir=$1 version=$2 suite
	[ ! -d "$dir/src" ] || return 0
	for suite in "${@:3}"; do
		say "looking for QEMU $version in $suite"
		(suite_sources "$suite" | make_apt "$dir/apt" && fetch_source "$dir") && break
		say "$suite cannot give it"
	done
	[ -d "$dir/src" ] || die "no suite has a source package of QEMU $version"
	[[ $(source_version "$dir/src") == "$version"* ]] ||
		die "wanted QEMU $version, the archive has $(source_version "$dir/src")"
}

# QEMU 10 wants a newer meson than Debian 12 has; the backported package works unpacked.
newer_meson() {
	local dir=$CHECK/meson least=1.5.0
	! printf '%s\n' "$least" "$(meson --version)" | sort -CV || return 0
	if [ ! -x "$dir/usr/bin/meson" ]; then
		suite_sources "$(codename)-backports" | make_apt "$dir/apt"
		step "reading the backports' index" apt-get -q -c "$dir/apt/apt.conf" update
		(cd "$dir" && step "downloading a newer meson" \
			apt-get -q -c "$dir/apt/apt.conf" download meson) || exit 1
		step "unpacking meson" dpkg-deb -x "$dir"/meson_*.deb "$dir"
	fi
	PATH=$dir/usr/bin:$PATH
	export PYTHONPATH=$dir/usr/lib/python3/dist-packages
}

# Our objects go first, so that a warning of an earlier run is seen again.
compile_check() {
	local targets
	find "$1/build" -name 'hw_virtio_simple_*.o' -delete
	mapfile -t targets < <(ninja -C "$1/build" -t targets all | cut -d: -f1 |
		grep -E '/hw_virtio_(simple_.*|virtio|virtio-qmp|virtio-pci)\.c\.o$')
	[ ${#targets[@]} -ge 6 ] || die "virtio-simple is not among what this QEMU compiles"
	compile "$1/build" "${targets[@]}" ${FULL:+qemu-system-x86_64}
	! grep -E 'virtio/simple/.*warning:' "$LOG" >&2 || die "compiles, but not without a warning"
	[ -z "$FULL" ] || start_check "$1"
}

# Copied, because a QEMU in its build tree looks for firmware there. The tests can use it after.
start_check() {
	local qemu=$1/bin/qemu-system-x86_64
	mkdir -p "$1/bin"
	cp "$1/build/qemu-system-x86_64" "$qemu"
	step "starting it" timeout 20 "$qemu" -machine q35 -display none -nodefaults -S \
		-device virtio-simple-pci -device virtio-simple-pci-transitional \
		-monitor stdio < <(echo quit)
	say "for the tests of the device: DOORBELL_QEMU=$qemu"
}

check_version() {
	local dir=$CHECK/$1
	mkdir -p "$dir"
	LOG=$dir/log
	: >"$LOG"
	get_source "$dir" "$@"
	overlay "$dir/src"
	configure "$dir/src" "$dir/build"
	compile_check "$dir"
	echo "virtio-simple compiles in QEMU $(source_version "$dir/src")${FULL:+, and starts}"
}

case ${1:-} in
--full) FULL=yes ;;
'') ;;
*) die "usage: check-versions.sh [--full]" ;;
esac
mkdir -p "$CHECK"
LOG=$CHECK/log
: >"$LOG"
check_tools
newer_meson
for version in "${VERSIONS[@]}"; do
	read -ra words <<<"$version"
	check_version "${words[@]}"
done
