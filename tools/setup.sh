#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what apt-packages.txt names and this machine lacks; silent and quick when nothing is.
#
#   tools/setup.sh [run|test]   `test` also wants what only the tests use (matters without apt)
#   tools/setup.sh --missing    prints the missing packages, one a line, and changes nothing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages_file='apt-packages.txt'
# Names this distribution does not have, so that each run does not ask the network again.
unavailable_file=${BUILD:-build}/setup.unavailable

say() { printf 'setup: %s\n' "$*" >&2; }

wanted_packages() {
	local line architecture
	while read -r line || [[ $line ]]; do
		line=${line%%#*}
		line=${line//[[:space:]]/}
		if [[ $line ]]; then echo "$line"; fi
	done < "$packages_file"
	architecture=$(dpkg --print-architecture)
	if [[ $architecture != amd64 ]]; then
		printf '%s\n' gcc-x86-64-linux-gnu binutils-x86-64-linux-gnu \
			linux-libc-dev-amd64-cross
	fi
}

# Prints those of its arguments that are not installed. dpkg-query fails when it knows no such
# package, which is an answer here; one call for all keeps this fast.
missing_of() {
	local -A installed=()
	local status name
	while read -r status name; do
		if [[ $status == installed ]]; then installed[$name]=1; fi
	done < <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2> /dev/null || true)
	for name in "$@"; do
		if [[ -z ${installed[$name]:-} ]]; then echo "$name"; fi
	done
}

# A system can have dpkg as a tool without being run by it (Fedora's dpkg, for one).
is_apt_system() {
	command -v dpkg dpkg-query apt-get apt-cache > /dev/null &&
		[[ -z $(missing_of dpkg) ]]
}

without_unavailable() {
	local -A skip=()
	local name
	if [[ -r $unavailable_file ]]; then
		while read -r name; do skip[$name]=1; done < "$unavailable_file"
	fi
	for name in "$@"; do
		if [[ -z ${skip[$name]:-} ]]; then echo "$name"; fi
	done
}

# Sets the array `apt` to the command that may install, or fails when there is no way to.
choose_apt() {
	local options=(-y --no-install-recommends -o DPkg::Lock::Timeout=300
		-o Dpkg::Use-Pty=0 -o Acquire::Retries=3)
	apt=(env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}")
	if [[ $(id -u) == 0 ]]; then
		return 0
	fi
	command -v sudo > /dev/null || return 1
	if sudo -n true 2> /dev/null; then
		apt=(sudo -n "${apt[@]}")
	elif [[ -t 0 && -t 2 ]]; then
		say "sudo may ask for your password, to run apt-get"
		apt=(sudo "${apt[@]}")
	else
		return 1
	fi
}

ask_for_packages() {
	local why=$1
	shift
	say "$# package(s) that building or testing needs are missing; only root may install them."
	say "$why. Run this as root, then the same make command again:"
	echo "  apt-get install --no-install-recommends $*" >&2
	exit 1
}

# Prints those of its arguments that apt knows no version of.
without_candidate() {
	local -A candidate=()
	local key value name=''
	while read -r key value; do
		case $key in
		Candidate:) candidate[$name]=$value ;;
		Installed: | Version | Pinned:) ;;
		*:) name=${key%:} ;;
		esac
	done < <(LC_ALL=C apt-cache policy "$@" 2> /dev/null)
	for name in "$@"; do
		case ${candidate[$name]:-(none)} in
		'(none)') echo "$name" ;;
		esac
	done
}

updated=no # yes, or failed: then an unknown name may yet exist
update_lists() {
	if [[ $updated == no ]]; then
		say "reading the package lists (apt-get update)"
		updated=yes
		"${apt[@]}" -o APT::Update::Error-Mode=any update -qq >&2 || updated=failed
	fi
}

install_packages() {
	say "installing $# missing package(s): $*"
	if "${apt[@]}" install -qq "$@" >&2; then
		return 0
	fi
	if [[ $updated != no ]]; then
		return 1
	fi
	# Lists older than the mirror name files that are gone.
	update_lists
	"${apt[@]}" install -qq "$@" >&2
}

# Remembers names this distribution does not have, and says what goes without them.
note_unavailable() {
	local name system
	# shellcheck source=/dev/null
	system=$(. /etc/os-release 2> /dev/null && echo "${PRETTY_NAME:-this distribution}")
	mkdir -p "$(dirname "$unavailable_file")"
	for name in "$@"; do
		say "$system ($(dpkg --print-architecture)) has no package $name; on without it"
		if [[ $name == grub-pc-bin ]]; then
			say "  so grub-mkrescue cannot make a PC image here: use BOOT=direct"
		elif [[ $name == grub-efi-amd64-bin || $name == ovmf ]]; then
			say "  so BOOT=uefi does not work here"
		fi
		echo "$name" >> "$unavailable_file"
	done
}

setup_with_apt() {
	local -a missing apt absent=() present
	mapfile -t missing < <(without_unavailable "$@")
	if ((${#missing[@]} == 0)); then
		return 0
	fi
	choose_apt ||
		ask_for_packages "You are $(id -un), without a sudo that works here" "${missing[@]}"
	mapfile -t absent < <(without_candidate "${missing[@]}")
	if ((${#absent[@]} > 0)); then
		update_lists
		mapfile -t absent < <(without_candidate "${missing[@]}")
	fi
	if ((${#absent[@]} > 0)) && [[ $updated == failed ]]; then
		say "apt-get update failed (its message is above), and without it apt knows no"
		say "  ${absent[*]}"
		say "Mend the network or the package sources, then run the same make command again."
		exit 1
	fi
	mapfile -t present < <(printf '%s\n' "${missing[@]}" "${absent[@]}" | sort | uniq -u)
	if ((${#present[@]} > 0)); then
		install_packages "${present[@]}" ||
			ask_for_packages "apt-get failed: its message is above" "${missing[@]}"
	fi
	# Also those that apt took for done because another package provides the name.
	mapfile -t absent < <(missing_of "${missing[@]}")
	if ((${#absent[@]} > 0)); then
		note_unavailable "${absent[@]}"
	fi
}

main() {
	local -a wanted missing
	if ! command -v dpkg > /dev/null || ! command -v dpkg-query > /dev/null; then
		exec tools/setup-other.sh "$@"
	fi
	mapfile -t wanted < <(wanted_packages)
	mapfile -t missing < <(missing_of "${wanted[@]}")
	if ((${#missing[@]} == 0)); then
		return 0
	fi
	if ! is_apt_system; then
		exec tools/setup-other.sh "$@"
	fi
	if [[ ${1:-} == --missing ]]; then
		without_unavailable "${missing[@]}"
	else
		setup_with_apt "${missing[@]}"
	fi
}

main "$@"
