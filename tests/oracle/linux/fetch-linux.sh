#!/bin/sh
# SPDX-License-Identifier: MIT
#
# fetch-linux.sh - the Linux kernels that our words are compared with.
#
# Takes Debian's cloud kernel of this release, and on Debian 12 (6.1) of its backports (6.12) too,
# out of their packages, without root and without installing them, into
#
#     ${DOORBELL_CACHE:-$XDG_CACHE_HOME/doorbell}/linux-<version>/vmlinuz
#
# and prints those paths on stdout, the release's first. `fetch-linux.sh --suites` only prints the
# suites they come from; there are none on a system other than Debian.
#
# A private apt configuration inside the cache names the mirror that the system's own sources name;
# the system's sources and lists are only read. What is already there is printed without touching
# the network. Safe to run twice at once, and to interrupt: a kernel appears whole, by rename, or
# not at all.

set -eu

cache=${DOORBELL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/doorbell}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
package=linux-image-cloud-amd64

die() {
	echo "fetch-linux: $*" >&2
	exit 1
}

say() {
	echo "fetch-linux: $*" >&2
}

# The suites to take a kernel of, by the one file every Debian has. Linux names the types of PCI
# functions from 6.12 on, which Debian 12 has in its backports only.
suites() {
	ID='' VERSION_CODENAME=''
	[ ! -r /etc/os-release ] || . /etc/os-release
	case $ID:$VERSION_CODENAME in
	debian:bookworm) echo "bookworm bookworm-backports" ;;
	debian:?*) echo "$VERSION_CODENAME" ;;
	esac
}

# The mirror of the release, as apt itself reads it from the system's sources in whatever form.
mirror() {
	apt-get update --print-uris 2>/dev/null |
		sed -n "s,^'\(.*\)/dists/$1/\(InRelease\|Release\)'.*,\1,p" | head -n 1
}

apt_get() {
	APT_CONFIG=$private/apt.conf apt-get "$@"
}

# A whole apt of our own under $1: lists, archives and sources apart from the system's.
configure_apt() {
	private=$1
	mkdir -p "$private/lists/partial" "$private/archives/partial" "$private/empty"
	uri=$(mirror "${suites%% *}")
	[ -n "$uri" ] || die "no mirror for ${suites%% *} in the system's apt sources; add one"
	options=arch=amd64
	[ ! -r $keyring ] || options="$options signed-by=$keyring"
	for suite in $suites; do
		echo "deb [$options] $uri $suite main"
	done >"$private/sources.list"
	cat >"$private/apt.conf" <<-END
	Dir::Etc::SourceList "$private/sources.list";
	Dir::Etc::SourceParts "$private/empty";
	Dir::Etc::PreferencesParts "$private/empty";
	Dir::State::Lists "$private/lists";
	Dir::Cache "$private";
	Dir::Cache::Archives "$private/archives";
	Acquire::Languages "none";
	Acquire::Retries "3";
	APT::Update::Error-Mode "any";
	APT::Sandbox::User "";
	END
}

# The package with the image in it: what the meta-package of suite $1 depends on.
image_package() {
	apt_get install --print-uris --yes --no-install-recommends -t "$1" "$package" 2>/dev/null |
		sed -n "s,.* \(linux-image-[0-9][^_]*-amd64\)_.*,\1,p" | head -n 1
}

# Downloads package $2 of suite $1, and unpacks file $3 of it if it has that.
unpack() {
	(cd "$work" && apt_get download -qq -t "$1" "$2" >&2) ||
		die "cannot download $2; is the network there?"
	dpkg-deb --fsys-tarfile "$work/$2"_*.deb | tar -x -C "$work" "$3" 2>/dev/null
}

# Takes vmlinuz of suite $1 into the cache, and prints its path.
fetch_suite() {
	image=$(image_package "$1")
	[ -n "$image" ] || die "$1 offers no $package; is the mirror complete?"
	version=${image#linux-image-}
	kernel=$cache/linux-$version
	if [ ! -r "$kernel/vmlinuz" ]; then
		say "fetching Linux $version from $1"
		mkdir "$work/$version"
		if unpack "$1" "$image" "./boot/vmlinuz-$version"; then
			mv "$work/boot/vmlinuz-$version" "$work/$version/vmlinuz"
		elif unpack "$1" "linux-binary-$version" "./usr/lib/modules/$version/vmlinuz"; then
			mv "$work/usr/lib/modules/$version/vmlinuz" "$work/$version/vmlinuz"
		else
			die "no vmlinuz in $image; where has Debian moved it?"
		fi
		mv -T "$work/$version" "$kernel"
	fi
	echo "linux-$version"
}

fetch() {
	rm -rf "$cache"/linux-fetch.* # of one that was killed: the lock says none is running
	work=$(mktemp -d "$cache/linux-fetch.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
	configure_apt "$work/apt"
	apt_get update -qq >&2 || die "cannot read the mirror's lists; is the network there?"
	for suite in $suites; do
		fetch_suite "$suite"
	done >"$work/found"
	mv "$work/found" "$index"
}

# The paths of the kernels that the index names; nothing when one is not there. The cache may have
# been moved, or copied from another user's, and an older index has paths of its own.
all_there() {
	[ -s "$index" ] || return 1
	paths=
	while read -r found; do
		found=${found%/vmlinuz}
		found=$cache/${found##*/}/vmlinuz
		[ -r "$found" ] || return 1
		paths="$paths$found
"
	done <"$index"
	printf %s "$paths"
}

suites=$(suites)
if [ "${1-}" = --suites ] || [ -z "$suites" ]; then
	echo "$suites"
	exit
fi
mkdir -p "$cache"
index=$cache/linux-${suites%% *}.index
exec 9>"$cache/linux.lock"
flock 9
all_there || { (fetch) && all_there; }
