#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Prints the path of the QEMU to use: the one that QEMU= names, else ours, built first if need be.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Asking a QEMU for its devices takes as long as half a boot, so it is done once for each binary.
check_once() {
	local path stamp identity
	path=$(command -v "$1") || path=$1
	stamp=${BUILD:-build}/qemu.checked
	identity=$path-$(stat -L -c '%i-%s-%y' "$path" 2> /dev/null || true)
	if [[ -r $stamp && $(< "$stamp") == "$identity" ]]; then
		return 0
	fi
	qemu/build-qemu.sh --check "$path" || return 1
	mkdir -p "$(dirname "$stamp")"
	echo "$identity" > "$stamp"
}

if [[ -z ${QEMU:-} ]]; then
	exec qemu/build-qemu.sh
fi
# Without our device on the machine, any QEMU will do.
case ${DEVICES:-reference} in
reference | *simple*) check_once "$QEMU" ;;
esac
echo "$QEMU"
