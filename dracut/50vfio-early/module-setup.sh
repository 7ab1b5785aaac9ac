#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2154 # dracut sets kernel, initdir, moddir
# dracut module. Whatever is wrong becomes a warning, never a failed build.

# Where nothing is configured, only on request: for vfio_early.take= on the command line.
check() {
	local file
	for file in /etc/vfio-early.conf {/etc,/usr/lib}/vfio-early.conf.d/*.conf; do
		[[ ! -e $file && ! -L $file ]] || return 0
	done
	return 255
}

depends() { return 0; }

# Has files or modules staged, and says what is wrong.
vfio_early_stage() {
	local word rest
	while read -r word rest; do
		case $word in
		module) vfio_early_module "$rest" ;;
		warning) dwarn "vfio-early: $rest" ;;
		esac
	done < <(/usr/lib/vfio-early/stage-image --rebuild="dracut -f --regenerate-all" "$@")
}

# Adds a module however hostonly is set.
vfio_early_module() {
	local file name
	hostonly='' instmods "$1"
	file=$(modinfo -k "$kernel" -F filename "$1" 2>/dev/null)
	name=${file##*/}
	if [[ $file == /* && -z $(find "$initdir/lib/modules/" -name "${name%.ko*}.ko*") ]]; then
		dwarn "vfio-early: module $1 is kept out of the image by omit_drivers, so what needs it will fail"
	fi
}

installkernel() {
	vfio_early_stage --kernel="$kernel"
	return 0
}

install() {
	if dracut_module_included systemd; then
		vfio_early_stage --dest="$initdir" --systemd
	else
		vfio_early_stage --dest="$initdir"
		# The first hook of the first point: rd.driver.pre= is served at cmdline 01.
		inst_hook cmdline 00 "$moddir/vfio-early.sh"
	fi
}
