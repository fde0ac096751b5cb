# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# From the distribution's QEMU source package to a compiled tree that has virtio-simple in it.
# Sourced by build-qemu.sh and check-versions.sh, which set LOG, the file that gets all output.

# The places where Debian and Ubuntu put BIOS, VGA and option ROMs: the source carries none.
FIRMWARE=/usr/share/qemu:/usr/share/seabios:/usr/lib/ipxe/qemu

# The default devices stay, because the machine types need them; features are chosen one by one.
# The prefix is one that no firmware folder lies under: QEMU moves those along with the binary.
CONFIGURE=(--target-list=x86_64-softmmu --prefix=/usr/local "--firmwarepath=$FIRMWARE"
	--without-default-features --enable-system --enable-tcg --enable-kvm --enable-plugins
	--enable-slirp --enable-fdt=system --enable-vhost-user
	--disable-install-blobs --disable-debug-info --disable-werror)

# tool or pkg-config name : the Debian package that brings it
TOOLS=(cc:gcc ninja:ninja-build meson:meson pkg-config:pkg-config dpkg-source:dpkg-dev
	xz:xz-utils flock:util-linux strip:binutils)
LIBRARIES=(glib-2.0:libglib2.0-dev pixman-1:libpixman-1-dev zlib:zlib1g-dev
	slirp:libslirp-dev)

QEMU_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
UAPI=$QEMU_DIR/../drivers/virtio/uapi

say() { printf 'qemu: %s\n' "$*" >&2; }

die() {
	say "$*"
	exit 1
}

# Runs a step with its output in the log; what went wrong is shown once, here.
step() {
	local what=$1
	shift
	say "$what"
	printf '\n### %s: %s\n' "$what" "$*" >>"$LOG"
	"$@" >>"$LOG" 2>&1 || step_failed "$what"
}

step_failed() {
	tail -n 25 "$LOG" >&2
	die "failed: $1 (the whole log: $LOG)"
}

# A system interpreter sees the distribution's own modules; one from a version manager does not.
find_python() {
	if [ -x /usr/bin/python3 ]; then
		echo /usr/bin/python3
	else
		command -v python3 || die "python3 is missing (package python3)"
	fi
}

check_tools() {
	local pair missing=()
	command -v apt-get >/dev/null ||
		die "QEMU is built from Debian's or Ubuntu's source package, and there is no" \
			"apt-get here: set QEMU= to a QEMU that has virtio-simple"
	for pair in "${TOOLS[@]}"; do
		command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
	done
	for pair in "${LIBRARIES[@]}"; do
		pkg-config --exists "${pair%%:*}" 2>/dev/null || missing+=("${pair##*:}")
	done
	echo '#include <libfdt.h>' | cc -E - >/dev/null 2>&1 || missing+=(libfdt-dev)
	"$(find_python)" -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
	[ ${#missing[@]} -eq 0 ] || die "building QEMU needs these packages: ${missing[*]}"
}

# Archives that apt reads here, as "uri suite" lines: apt itself knows both its file formats.
system_archives() {
	apt-get update --print-uris 2>>"$LOG" |
		sed -n "/^'cdrom:/d; s,^'\(.*\)/dists/\(.*\)/InRelease' .*,\1 \2,p"
}

codename() {
	# shellcheck disable=SC1091
	(. /etc/os-release && echo "${UBUNTU_CODENAME:-${VERSION_CODENAME:-}}")
}

# Only the distribution's own keys count here, so another vendor's archive of that name is refused.
deb_line() {
	local keyring keys=
	for keyring in /usr/share/keyrings/{debian,ubuntu}-archive-keyring.gpg; do
		[ ! -e "$keyring" ] || keys=${keys:+$keys,}$keyring
	done
	printf '%s %s%s %s main\n' "$1" "${keys:+[signed-by=$keys] }" "$2" "$3"
}

# The deb-src lines that belong to the deb lines of this system, less backports and third parties.
own_sources() {
	local uri suite wanted
	wanted="^($(codename)|stable|testing|unstable|sid)(-updates|-security)?$"
	system_archives | while read -r uri suite; do
		[[ ! $suite =~ $wanted ]] || deb_line deb-src "$uri" "$suite"
	done
}

# Another suite of the archive that this system gets its main suite from.
suite_sources() {
	local uri
	uri=$(system_archives | awk -v name="$(codename)" '$2 == name { print $1; exit }')
	[ -n "$uri" ] || die "apt reads no archive for $(codename)"
	deb_line deb-src "$uri" "$1"
	deb_line deb "$uri" "$1"
}

# Makes <dir> the whole state of a private apt that reads the source list on stdin. The system's
# proxy and authentication settings still count; its hooks and its package state do not.
make_apt() {
	mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
	cat >"$1/sources.list"
	[ -s "$1/sources.list" ] || die "apt reads no archive for $(codename): see /etc/apt"
	cat >"$1/apt.conf" <<-END
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		Dir::State::lists "$1/lists";
		Dir::State::status "/dev/null";
		Dir::Cache "$1/cache";
		Dir::Etc::sourcelist "$1/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Acquire::Languages "none";
		# Root's cache folder is closed to apt's own user.
		APT::Sandbox::User "root";
	END
}

# Downloads into <dir>/download and unpacks to <dir>/src, which only ever appears whole.
fetch_source() {
	local dir=$1 dsc apt=(apt-get -q -c "$1/apt/apt.conf")
	mkdir -p "$dir/download"
	step "reading the source index (needs the network)" "${apt[@]}" update
	dsc=$(cd "$dir" && "${apt[@]}" source --print-uris qemu 2>>"$LOG" |
		sed -n "s/^'.*' \(qemu_[^ ]*\.dsc\) .*/\1/p") || true
	[ -n "$dsc" ] || step_failed "finding QEMU's source package"
	(cd "$dir/download" &&
		step "downloading ${dsc%.dsc}" "${apt[@]}" source --download-only qemu) || exit 1
	rm -rf "$dir/src.part"
	step "unpacking" dpkg-source -x --no-copy "$dir/download/$dsc" "$dir/src.part"
	mv "$dir/src.part" "$dir/src"
	rm -rf "$dir/download"
}

source_version() { sed -n '1s/^qemu (\([0-9]*:\)\{0,1\}\([^)]*\)).*/\2/p' "$1/debian/changelog"; }

# Files keep their time stamps where nothing changed, so that ninja has little to do.
put() {
	cmp -s - "$1" <<<"$2" || printf '%s\n' "$2" >"$1"
}

# edit <file> <sed script> <word>: from the file as shipped; <word> shows that it took.
edit() {
	local text
	[ -e "$1.shipped" ] || cp "$1" "$1.shipped"
	text=$(sed "$2" "$1.shipped")
	grep -q "$3" <<<"$text" || die "this QEMU has no place for virtio-simple in $1"
	put "$1" "$text"
}

# Puts the device into a QEMU source tree, however often it is run.
overlay() {
	local virtio=$1/hw/virtio headers=standard-headers/linux file
	mkdir -p "$virtio/simple"
	for file in "$QEMU_DIR"/*.[ch] "$QEMU_DIR"/meson.build "$QEMU_DIR"/Kconfig; do
		put "$virtio/simple/${file##*/}" "$(cat "$file")"
	done
	# The change of types that QEMU's own import of Linux headers makes.
	for file in "$UAPI"/*.h; do
		put "$1/include/$headers/${file##*/}" "$(sed \
			-e 's/__\(u\|le\)\([0-9]*\)/uint\2_t/g' \
			-e 's,<linux/types.h>,"standard-headers/linux/types.h",' "$file")"
	done
	edit "$virtio/meson.build" "/^virtio_pci_ss = /a subdir('simple')" "subdir('simple')"
	edit "$virtio/Kconfig" "\$ a source simple/Kconfig" 'source simple'
	edit "$virtio/trace-events" "\$ r $QEMU_DIR/trace-events" virtio_simple
	name_device "$virtio" "$headers/virtio_simple.h"
}

# QEMU aborts on a virtio id that its name table or its feature decoder lacks, and allows the
# transitional flavour by a list: three places, which some versions keep in two files. It also
# aborts on an empty indirect table in a packed ring, which a driver must not be able to make it do.
name_device() {
	local file count=0 name='[VIRTIO_ID_SIMPLE] = "virtio-simple",'
	for file in "$1/virtio.c" "$1/virtio-qmp.c"; do
		[ -e "$file" ] || continue
		edit "$file" "s/^    \[VIRTIO_ID_CAIF\].*/&\n    $name/
			s/^    case VIRTIO_ID_CAIF:/&\n    case VIRTIO_ID_SIMPLE:/
			s/if (\(desc.len\) % sizeof(VRingPackedDesc))/if (!\1 || \1 % 16)/
			s,^#include \"qemu/osdep.h\",&\n#include \"$2\"," VIRTIO_ID_SIMPLE
		count=$((count + $(grep -c VIRTIO_ID_SIMPLE "$file")))
	done
	[ "$count" -eq 3 ] || die "this QEMU lists virtio ids in other places than we know"
}

# What only some versions know: older ones look for a meson of their own unless told, newer ones
# leave out the VGA unless asked for pixman.
version_options() {
	local known
	known=$(cd "$1" && ./configure --help) # it leaves a log where it is called
	! grep -q -- '--meson=' <<<"$known" || echo "--meson=$(command -v meson)"
	! grep -q '^  pixman ' <<<"$known" || echo --enable-pixman
}

# configure <src> <build>: again only when the options changed.
configure() {
	local options
	[ "$(cat "$2/configured" 2>/dev/null)" != "${CONFIGURE[*]}" ] || return 0
	rm -rf "$2"
	mkdir -p "$2"
	mapfile -t options < <(version_options "$1")
	(cd "$2" && PYTHON=$(find_python) step "configuring" \
		"$1/configure" "${CONFIGURE[@]}" "${options[@]}") || exit 1
	printf '%s\n' "${CONFIGURE[*]}" >"$2/configured"
}

# A line for each tenth of the work on stderr, every line in the log.
show_progress() {
	local line percent next=0
	while IFS= read -r line; do
		printf '%s\n' "$line" >>"$LOG"
		[[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
		percent=$((100 * BASH_REMATCH[1] / BASH_REMATCH[2]))
		((percent >= next)) || continue
		say "compiling: $percent % of ${BASH_REMATCH[2]} steps"
		next=$((percent + 10))
	done
}

# compile <build> <target>...
compile() {
	local build=$1
	shift
	NINJA_STATUS='[%f/%t] ' ninja -C "$build" "$@" 2>&1 | show_progress ||
		step_failed "compiling"
}
