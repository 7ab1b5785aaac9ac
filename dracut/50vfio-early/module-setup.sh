#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2154 # dracut sets kernel, initdir, moddir, systemdsystemunitdir
# dracut module: copies the binder, its configuration and its modules into the image. Whatever
# is wrong becomes a warning, never a failed build.

vfio_early=/usr/lib/vfio-early

# Prints every configuration file, also a link to nothing.
vfio_early_configs() {
	local file
	for file in /etc/vfio-early.conf {/etc,/usr/lib}/vfio-early.conf.d/*.conf; do
		[[ ! -e $file && ! -L $file ]] || printf '%s\n' "$file"
	done
}

# Where nothing is configured, only on request: for vfio_early.take= on the command line.
check() {
	[[ -n $(vfio_early_configs) ]] || return 255
}

depends() { return 0; }

# Copies one configuration file; a link to /dev/null stays one, it masks.
vfio_early_config() {
	mkdir -p "$initdir${1%/*}"
	if [[ $(readlink -f "$1") == /dev/null ]]; then
		ln -sf /dev/null "$initdir$1"
	elif [[ ! -f $1 ]] || ! cp -L "$1" "$initdir$1" 2>/dev/null; then
		rm -f "$initdir$1"
		dwarn "vfio-early: $1 is not a regular file or cannot be read," \
			"this image goes without it: replace it and run dracut -f"
	fi
}

# Adds a module however hostonly is set; modinfo also knows the ones built into the kernel.
vfio_early_module() {
	local file name
	hostonly='' instmods "$1"
	file=$(modinfo -k "$kernel" -F filename "$1" 2>/dev/null)
	name=${file##*/}
	if [[ -z $file ]]; then
		dwarn "vfio-early: kernel $kernel has no module $1, so $2"
	elif [[ $file == /* && -z $(find "$initdir/lib/modules/" -name "${name%.ko*}.ko*") ]]; then
		dwarn "vfio-early: module $1 is kept out of the image by omit_drivers, so $2"
	fi
}

installkernel() {
	local module configs
	for module in vfio-pci vfio_iommu_type1; do
		vfio_early_module "$module" \
			"no device will be bound early: it takes a kernel with CONFIG_VFIO_PCI"
	done
	hostonly='' instmods iommufd
	mapfile -t configs < <(vfio_early_configs)
	# -D, -d: a pipe or a folder is nothing to wait for.
	for module in $(grep -ahs -D skip -d skip driver= "${configs[@]}" /dev/null 2>/dev/null |
		sed 's/#.*//' | tr '[:space:]' '\n' |
		sed -n 's/^driver=\([[:alnum:]_-]\{1,\}\)$/\1/p' | sort -u); do
		vfio_early_module "$module" \
			"the rules with driver=$module will fail: install that driver or change them"
	done
	return 0
}

install() {
	local file files
	if [[ ! -x $vfio_early/vfio-early-boot ]]; then
		dwarn "vfio-early: $vfio_early/vfio-early-boot is missing," \
			"no device will be bound early: reinstall vfio-early"
		return 0
	fi
	inst_simple "$vfio_early/vfio-early-boot"
	while read -r file; do
		vfio_early_config "$file"
	done < <(vfio_early_configs)
	# Without hostonly, dracut leaves the host's module options out.
	mapfile -t files < <(grep -lsE 'vfio|pci[-_]stub' /etc/modprobe.d/*.conf)
	((${#files[@]} == 0)) || inst_multiple -o "${files[@]}"
	if dracut_module_included systemd; then
		inst_simple "$vfio_early/vfio-early.service" "$systemdsystemunitdir/vfio-early.service"
		$SYSTEMCTL -q --root "$initdir" add-wants sysinit.target vfio-early.service
	else
		# The first hook of the first point: rd.driver.pre= is served at cmdline 01.
		inst_hook cmdline 00 "$moddir/vfio-early.sh"
	fi
}
