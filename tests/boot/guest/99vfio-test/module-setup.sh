#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# dracut module of the tests: the verdict, where udev has settled and the root is waited for.
# shellcheck disable=SC2154 # dracut sets dracutbasedir, initdir, moddir

check() { return 0; }

# In newer versions the main loop is a module, which nothing else here asks for.
depends() {
	if compgen -G "$dracutbasedir/modules.d/*initqueue" >/dev/null; then
		echo initqueue
	fi
}

install() {
	inst_multiple cat dmesg env grep rm sed sha256sum sleep sync tail tr uname wc
	inst_script "$moddir/verdict" /usr/lib/vfio-test/verdict
	# Read from /dev/kmsg, dmesg -r of util-linux 2.38 loses the facility.
	printf '#!/bin/sh\nexec /usr/bin/dmesg -S "$@"\n' >"$initdir/usr/lib/vfio-test/dmesg"
	chmod 755 "$initdir/usr/lib/vfio-test/dmesg"
	inst_hook initqueue/settled 99 "$moddir/settled.sh"
	dracut_need_initqueue
}
