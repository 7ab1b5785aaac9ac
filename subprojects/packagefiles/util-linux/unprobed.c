/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libblkid's tables name every probe it has. Those of what no Linux of today boots from,
 * resumes from or keeps below such a file system are not compiled: these stand in their
 * places and find nothing. The topology chain is never switched on.
 */
#include "blkidP.h"

static int find_nothing(blkid_probe probe __attribute__((unused)),
	const struct blkid_idmag *magic __attribute__((unused)))
{
	return BLKID_PROBE_NONE;
}

#define UNPROBED(probe)                                                                  \
	const struct blkid_idinfo probe##_idinfo = {                                     \
		.name = #probe,                                                          \
		.probefunc = find_nothing,                                               \
		.magics = BLKID_NONE_MAGIC,                                              \
	}

UNPROBED(aix_pt);
UNPROBED(atari_pt);
UNPROBED(bsd_pt);
UNPROBED(mac_pt);
UNPROBED(minix_pt);
UNPROBED(sgi_pt);
UNPROBED(solaris_x86_pt);
UNPROBED(sun_pt);
UNPROBED(ultrix_pt);
UNPROBED(unixware_pt);

UNPROBED(befs);
UNPROBED(bfs);
UNPROBED(bluestore);
UNPROBED(cramfs);
UNPROBED(cs_fvault2);
UNPROBED(drbdmanage);
UNPROBED(drbdproxy_datalog);
UNPROBED(exfs);
UNPROBED(gfs);
UNPROBED(gfs2);
UNPROBED(hpfs);
UNPROBED(minix);
UNPROBED(mpool);
UNPROBED(netware);
UNPROBED(ocfs);
UNPROBED(ocfs2);
UNPROBED(oracleasm);
UNPROBED(romfs);
UNPROBED(sysv);
UNPROBED(ubi);
UNPROBED(ubifs);
UNPROBED(ufs);
UNPROBED(vxfs);
UNPROBED(xenix);
UNPROBED(zonefs);

const struct blkid_chaindrv topology_drv = {
	.id = BLKID_CHAIN_TOPLGY,
	.name = "topology",
	.dflt_enabled = FALSE,
};
