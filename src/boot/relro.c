// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes relocated constants read-only. In a dynamic program ld.so does this and
// in a static-pie one glibc's start code; musl's leaves them writable.

#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static int protect(struct dl_phdr_info *info, size_t size, void *unused)
{
	const uintptr_t page_mask = -(uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)unused;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + header->p_vaddr;
		uintptr_t end = (start + header->p_memsz) & page_mask;

		start &= page_mask;
		if (header->p_type == PT_GNU_RELRO && start < end)
			(void)mprotect((void *)start, end - start, PROT_READ);
	}
	return 1; // the program itself comes first; no shared objects
}

__attribute__((constructor)) static void relro_init(void)
{
	dl_iterate_phdr(protect, NULL);
}
