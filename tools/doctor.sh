#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Looks at this machine and says, a line each, what is there, what is missing or odd, and the one
# line that mends it. Changes nothing. Exit 0 when nothing is missing or odd, 1 otherwise.
#
#   ok    as it should be
#   note  good to know, nothing to do
#   MISS  something is not there   -> the command that gets it
#   ODD   something will get in the way   -> what to do
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

compiler=${CC:-${CROSS_COMPILE:-}gcc}
[[ $compiler != cc ]] || compiler=gcc
read -ra compiler_words <<< "$compiler"
linker=${CROSS_COMPILE:-}ld
build=${BUILD:-build}
cache=${DOORBELL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/doorbell}
python=python3
[[ ! -x /usr/bin/python3 ]] || python=/usr/bin/python3
qemu=
complaints=0

ok() { printf 'ok    %s\n' "$*"; }
note() { printf 'note  %s\n' "$*"; }
miss() {
	printf 'MISS  %s\n        -> %s\n' "$1" "$2"
	complaints=$((complaints + 1))
}
odd() {
	printf 'ODD   %s\n        -> %s\n' "$1" "$2"
	complaints=$((complaints + 1))
}

have() { command -v "$1" > /dev/null; }

as_root() {
	if [[ $(id -u) == 0 ]]; then echo "$*"; else echo "sudo $*"; fi
}

check_system() {
	local name
	# shellcheck source=/dev/null
	name=$(. /etc/os-release 2> /dev/null && echo "${PRETTY_NAME:-}")
	ok "${name:-unknown system}, $(uname -m), $(nproc) CPU(s)"
	if [[ $(uname -m) != x86_64 && -z ${CROSS_COMPILE:-} ]]; then
		odd "this machine's own compiler makes $(uname -m) code" \
			"make run BOOT=direct CROSS_COMPILE=x86_64-linux-gnu-"
	fi
	if [[ $(uname -r) == *[Mm]icrosoft* ]]; then
		note "this is WSL: ACCEL=kvm needs nestedVirtualization=true in .wslconfig"
		if [[ $PWD == /mnt/[a-z]/* ]]; then
			odd "the tree is on a Windows drive, where building is slow" \
				"git clone it under ~"
		fi
	fi
}

check_place() {
	local folder
	for folder in "$build" "$cache"; do
		[[ -e $folder ]] || continue
		if [[ $(find "$folder" -maxdepth 2 ! -writable -print -quit) ]]; then
			odd "$folder holds files you may not write (was make run by root once?)" \
				"sudo chown -R $(id -un) $folder"
		fi
	done
}

check_packages() {
	local missing
	if ! missing=$(tools/setup.sh --missing 2>&1); then
		odd "the package check failed: $missing" "tools/setup.sh --missing"
	elif [[ -z $missing ]]; then
		ok "packages: all of apt-packages.txt"
	elif have apt-get; then
		missing=${missing//$'\n'/ }
		miss "package(s) $missing" "$(as_root apt-get install "$missing")"
	else
		while read -r name; do
			miss "$name" "install it with your package manager"
		done <<< "$missing"
	fi
}

compiles_kernel_code() {
	"${compiler_words[@]}" "$@" -c -x c -o /dev/null - <<< 'int x;' 2> /dev/null
}

check_compiler() {
	local flags=(-ffreestanding -m64 -mcmodel=small -mno-red-zone -mgeneral-regs-only
		-fcf-protection=none -fno-pic)
	if ! have "${compiler_words[0]}"; then
		miss "the compiler, ${compiler_words[0]}" "make setup"
	elif ! compiles_kernel_code "${flags[@]}"; then
		odd "$compiler cannot make x86-64 kernel code (it refuses ${flags[*]})" \
			"name one that can: make run CC=gcc, or CROSS_COMPILE=x86_64-linux-gnu-"
	else
		ok "$("${compiler_words[@]}" --version | head -n 1)"
	fi
}

check_linker() {
	if ! have "$linker"; then
		miss "the linker, $linker" "make setup"
	elif [[ $("$linker" -V 2> /dev/null) != *elf_x86_64* ]]; then
		odd "$linker cannot link x86-64" "make run CROSS_COMPILE=x86_64-linux-gnu-"
	else
		ok "$("$linker" --version | head -n 1)"
	fi
}

check_headers() {
	have "${compiler_words[0]}" || return 0
	if "${compiler_words[@]}" -E -x c - <<< '#include <linux/virtio_pci.h>' &> /dev/null; then
		ok "Linux's register names (linux/virtio_pci.h)"
	else
		miss "linux/virtio_pci.h, from which register names come" "make setup"
	fi
}

check_python() {
	local first
	if ! have "$python"; then
		miss "python3" "make setup"
		return
	fi
	first=$(command -v python3)
	if [[ $first != "$python" && $first != /bin/python3 ]]; then
		note "python3 on your PATH is $first;"
		note "  make uses $python, which sees the distribution's packages"
	fi
	if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))'; then
		odd "$("$python" --version) is too old (3.9 or later)" \
			"make run PYTHON=/path/to/python3"
	elif ! "$python" -c 'import pytest' 2> /dev/null; then
		miss "pytest for $python (make test needs it)" \
			"$(as_root apt-get install python3-pytest)"
	else
		ok "$("$python" --version), with pytest"
	fi
}

check_grub() {
	if ! have grub-mkrescue; then
		miss "grub-mkrescue, which makes the ISO" \
			"make setup, or go without: make run BOOT=direct"
	elif ! compgen -G '/usr/lib/grub/i386-pc/*.mod' > /dev/null &&
		! compgen -G '/usr/share/grub/i386-pc/*.mod' > /dev/null; then
		miss "GRUB's files for PCs (i386-pc): the ISO would not boot" \
			"$(as_root apt-get install grub-pc-bin), or: make run BOOT=direct"
	elif ! have xorriso || ! have mformat; then
		miss "xorriso or mformat, which grub-mkrescue calls" "make setup"
	else
		ok "$(grub-mkrescue --version | head -n 1), i386-pc"
	fi
}

check_uefi() {
	local code found=
	if ! compgen -G '/usr/lib/grub/x86_64-efi/*.mod' > /dev/null &&
		! compgen -G '/usr/share/grub/x86_64-efi/*.mod' > /dev/null; then
		miss "GRUB's files for UEFI (x86_64-efi), for BOOT=uefi" \
			"$(as_root apt-get install grub-efi-amd64-bin)"
	fi
	for code in /usr/share/OVMF/OVMF_CODE{_4M,}.fd /usr/share/edk2/ovmf/OVMF_CODE.fd \
		/usr/share/edk2/x64/OVMF_CODE.4m.fd; do
		if [[ -r $code ]]; then found=$code; fi
	done
	if [[ $found ]]; then
		ok "UEFI firmware $found, for BOOT=uefi"
	else
		miss "UEFI firmware (OVMF), for BOOT=uefi" "$(as_root apt-get install ovmf)"
	fi
}

check_qemu() {
	if [[ -n ${QEMU:-} ]]; then
		qemu=$QEMU
		if ! qemu/build-qemu.sh --check "$QEMU" 2> /dev/null; then
			odd "QEMU=$QEMU cannot be used or lacks virtio-simple" \
				"unset QEMU; make qemu"
			return
		fi
	elif ! qemu=$(qemu/build-qemu.sh --cached 2> /dev/null); then
		qemu=
		miss "QEMU with virtio-simple is not built (make run builds it)" "make qemu"
		check_space
		return
	elif ! qemu/build-qemu.sh --check "$qemu" 2> /dev/null; then
		odd "$qemu does not start or lacks virtio-simple" \
			"rm -rf $(dirname "$(dirname "$qemu")"); make qemu"
		return
	fi
	ok "$("$qemu" --version | head -n 1)"
	ok "it has virtio-simple: $qemu"
	check_firmware
}

check_firmware() {
	local folder found
	for file in bios-256k.bin vgabios-stdvga.bin kvmvapic.bin linuxboot_dma.bin pvh.bin; do
		found=
		while read -r folder; do
			if [[ -r $folder/$file ]]; then found=$folder; fi
		done < <("$qemu" -L help 2> /dev/null)
		if [[ -z $found ]]; then
			miss "firmware $file, which $qemu looks for" \
				"$(as_root apt-get install seabios qemu-system-data)"
			return
		fi
	done
	ok "its firmware (BIOS, VGA, option ROMs)"
}

check_space() {
	local free folder=$cache
	while [[ ! -d $folder ]]; do folder=$(dirname "$folder"); done
	free=$(df -Pm "$folder" | awk 'NR == 2 { print $4 }')
	if ((free < 3000)); then
		odd "$free MB free in $folder; building QEMU takes 3000" \
			"make room, or: DOORBELL_CACHE=/elsewhere make qemu"
	else
		ok "$free MB free for QEMU in $folder"
	fi
}

check_cache() {
	local -a results=("$cache"/qemu-[0-9]*)
	if ((${#results[@]} > 1)); then
		note "${#results[@]} QEMUs in $cache ($(du -sh "$cache" | cut -f 1)); one in use," \
			"the others are of older devices; make distclean removes all"
	fi
}

check_accelerator() {
	if [[ ! -e /dev/kvm ]]; then
		note "no /dev/kvm: QEMU interprets (ACCEL=tcg, the default anyway)"
	elif [[ ! -r /dev/kvm || ! -w /dev/kvm ]]; then
		note "/dev/kvm is not yours; for ACCEL=kvm: sudo usermod -aG kvm $(id -un)"
	else
		ok "/dev/kvm, for ACCEL=kvm; the default stays tcg, the same everywhere"
	fi
}

check_clock() {
	local commit now
	now=$(date +%s)
	commit=$(git log -1 --format=%ct 2> /dev/null || echo 0)
	if ((now + 86400 < commit)); then
		odd "the clock says $(date +%F), before the last commit; apt and make go by it" \
			"$(as_root "date -s \"$(date -d "@$commit" '+%F %T')\"")"
	else
		ok "the clock says $(date +%F)"
	fi
}

check_build() {
	local before
	[[ -r $build/flags ]] || return 0
	read -r before _ < "$build/flags"
	if [[ $before != "${compiler_words[0]}" ]]; then
		note "$build/ was made by $before; the next make builds it anew with $compiler"
	fi
}

main() {
	local check
	for check in system place packages compiler linker headers python grub uefi qemu cache \
		accelerator clock build; do
		"check_$check"
	done
	if ((complaints > 0)); then
		echo "doctor: $complaints to mend"
		return 1
	fi
	echo "doctor: all well; the patient may: make run"
}

main
