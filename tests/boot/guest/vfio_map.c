/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vfio-map DEVICE GROUP: opens a PCI function through VFIO as a virtual machine does and
 * maps each of its memory BARs. One line for each, on standard output:
 *
 *   0000:01:00.0 region 0 size 0x1000000 mapped
 *   0000:01:00.0 region 0 size 0x1000000 refused: Resource busy
 *
 * "mapped" means that it could also be read, and that what was written to region 0, which
 * is memory in the emulated displays, could be read back. Ends with 0 where every region
 * was mapped, else 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PATTERN 0x76666961U

static int fail(const char *device, const char *what)
{
	printf("%s %s: %s\n", device, what, strerror(errno));
	return -1;
}

static int open_device(const char *device, const char *group_number)
{
	struct vfio_group_status status = {.argsz = sizeof(status)};
	int container = open("/dev/vfio/vfio", O_RDWR);
	char path[64];
	int group, fd;

	if (container < 0)
		return fail(device, "/dev/vfio/vfio");
	snprintf(path, sizeof(path), "/dev/vfio/%s", group_number);
	group = open(path, O_RDWR);
	if (group < 0)
		return fail(device, path);
	if (ioctl(group, VFIO_GROUP_GET_STATUS, &status) < 0)
		return fail(device, "VFIO_GROUP_GET_STATUS");
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE)) {
		errno = EPERM;
		return fail(device, "group not viable");
	}
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) < 0)
		return fail(device, "VFIO_GROUP_SET_CONTAINER");
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) < 0)
		return fail(device, "VFIO_SET_IOMMU");
	fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, device);
	return fd < 0 ? fail(device, "VFIO_GROUP_GET_DEVICE_FD") : fd;
}

/* A mapping faults as long as the device does not decode memory. */
static int enable_memory(const char *device, int fd)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info), .index = VFIO_PCI_CONFIG_REGION_INDEX};
	uint16_t command;

	if (ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &info) < 0)
		return fail(device, "VFIO_DEVICE_GET_REGION_INFO of the config space");
	if (pread(fd, &command, 2, (off_t)info.offset + PCI_COMMAND) != 2)
		return fail(device, "reading PCI_COMMAND");
	command |= PCI_COMMAND_MEMORY;
	if (pwrite(fd, &command, 2, (off_t)info.offset + PCI_COMMAND) != 2)
		return fail(device, "writing PCI_COMMAND");
	return 0;
}

static const char *try_memory(void *memory, unsigned index)
{
	volatile uint32_t *word = memory;

	(void)*word;
	if (index != 0)
		return NULL;
	*word = PATTERN;
	return *word == PATTERN ? NULL : "what was written did not come back";
}

/* Returns 0 where the region is of no memory or is mapped, else -1. */
static int map_region(const char *device, int fd, unsigned index)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = index};
	const char *reason;
	void *memory;

	if (ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &info) < 0)
		return fail(device, "VFIO_DEVICE_GET_REGION_INFO");
	if (info.size == 0 || !(info.flags & VFIO_REGION_INFO_FLAG_MMAP))
		return 0;
	printf("%s region %u size %#llx ", device, index, (unsigned long long)info.size);
	memory = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		(off_t)info.offset);
	reason = memory == MAP_FAILED ? strerror(errno) : try_memory(memory, index);
	if (memory != MAP_FAILED)
		munmap(memory, info.size);
	printf(reason ? "refused: %s\n" : "mapped\n", reason);
	return reason ? -1 : 0;
}

int main(int argc, char **argv)
{
	int fd, worst = 0;

	if (argc != 3) {
		fputs("usage: vfio-map DEVICE GROUP\n", stderr);
		return 64;
	}
	fd = open_device(argv[1], argv[2]);
	if (fd < 0 || enable_memory(argv[1], fd) < 0)
		return 1;
	for (unsigned i = VFIO_PCI_BAR0_REGION_INDEX; i <= VFIO_PCI_BAR5_REGION_INDEX;
		i++)
		if (map_region(argv[1], fd, i) < 0)
			worst = 1;
	return worst;
}
