#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Set-up where packages are not apt's: names each command and header that is missing, and why it is
# wanted. Installs nothing, since package names differ from one distribution to the next.
#
#   tools/setup-other.sh [run|test]   `test` also wants what only the tests use
#   tools/setup-other.sh --missing    prints what is missing and exits 0
set -euo pipefail

compiler=${CC:-${CROSS_COMPILE:-}gcc}
[[ $compiler != cc ]] || compiler=gcc
python=python3
if [[ -x /usr/bin/python3 ]]; then python=/usr/bin/python3; fi

# kind|name|what for
needs_kernel() {
	cat <<-EOF_LIST
		command|${compiler%% *}|compiles the kernel (package gcc)
		command|${CROSS_COMPILE:-}ld|links it (binutils)
		command|${CROSS_COMPILE:-}nm|reads its symbols (binutils)
		command|awk|makes the symbol table (gawk or mawk)
		command|$python|starts QEMU and reads its output (python3)
		header|linux/virtio_pci.h|names the registers (linux-headers, kernel-headers)
	EOF_LIST
}

needs_iso() {
	cat <<-'EOF_LIST'
		command|grub-mkrescue|makes the ISO (grub, grub2-tools-extra); or use BOOT=direct
		command|xorriso|writes it, for grub-mkrescue (xorriso, libisoburn)
		command|mformat|makes its EFI part, for grub-mkrescue (mtools)
		grub|i386-pc|GRUB's files for PCs with a BIOS (grub, grub2-pc-modules)
	EOF_LIST
}

needs_uefi() {
	cat <<-'EOF_LIST'
		grub|x86_64-efi|GRUB's files for PCs with UEFI (grub, grub2-efi-x64-modules)
		firmware|OVMF|UEFI for QEMU (edk2-ovmf)
	EOF_LIST
}

# The build script takes QEMU from Debian's source package; elsewhere one is built by hand.
needs_qemu() {
	cat <<-'EOF_LIST'
		setting|QEMU=/path/to/it|a QEMU with virtio-simple, built by hand from qemu/
		command|meson|configures QEMU
		command|ninja|builds QEMU (ninja, ninja-build)
		command|pkg-config|finds QEMU's libraries (pkgconf)
		command|bison|part of QEMU's build
		command|flex|part of QEMU's build
		command|patch|adds virtio-simple to QEMU
		command|xz|unpacks QEMU
		module|glib-2.0|QEMU's base library (glib2, glib2-devel)
		module|pixman-1|QEMU's display (pixman, pixman-devel)
		module|slirp|QEMU's user network (libslirp, libslirp-devel)
		module|zlib|QEMU's compression (zlib, zlib-devel)
		header|libfdt.h|QEMU's device trees (dtc, libfdt-devel)
		python|venv|part of QEMU's build (python3, python3-venv)
	EOF_LIST
}

needs_tests() {
	cat <<-'EOF_LIST'
		python|pytest|runs the tests (python-pytest, python3-pytest)
		command|clang|builds the kernel a second way
	EOF_LIST
}

has() {
	case $1 in
	setting) return 1 ;; # asked about only when it is not set
	command) command -v "$2" > /dev/null ;;
	module) pkg-config --exists "$2" 2> /dev/null ;;
	python) "$python" -c "import $2" 2> /dev/null ;;
	header) "$compiler" -E -x c - <<< "#include <$2>" > /dev/null 2>&1 ;;
	grub) compgen -G "/usr/lib/grub/$2/*.mod" > /dev/null ||
		compgen -G "/usr/share/grub/$2/*.mod" > /dev/null ;;
	firmware) compgen -G "/usr/share/OVMF/$2_CODE*.fd" > /dev/null ||
		compgen -G "/usr/share/edk2/*/$2_CODE*.fd" > /dev/null ;;
	esac
}

# Prints a line for each need on standard input that this machine does not meet.
unmet() {
	local kind name why
	while IFS='|' read -r kind name why; do
		if ! has "$kind" "$name"; then
			echo "$kind $name: $why"
		fi
	done
}

needs() {
	needs_kernel
	if [[ ${BOOT:-iso} != direct ]]; then needs_iso; fi
	if [[ ${BOOT:-iso} == uefi ]]; then needs_uefi; fi
	if [[ -z ${QEMU:-} ]]; then needs_qemu; fi
	if [[ ${1:-} != run ]]; then needs_tests; fi
}

main() {
	local -a missing
	mapfile -t missing < <(needs "$@" | unmet)
	if ((${#missing[@]} == 0)); then
		return 0
	fi
	if [[ ${1:-} == --missing ]]; then
		printf '%s\n' "${missing[@]}"
	else
		{
			echo "setup: no apt here, so nothing is installed for you. Missing:"
			printf '  %s\n' "${missing[@]}"
			echo "Install these, then run the same make command again."
		} >&2
		exit 1
	fi
}

main "$@"
