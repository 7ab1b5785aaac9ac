/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seen.h"

#include "core/number.h"
#include "core/record.h"
#include "io/write_all.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST     "decided"
#define LIST_NEW ".decided-new"
/* More than a machine of that many needs; and with as much again, added at once. */
#define LIST_BYTES_LONG ((size_t)MACHINE_FUNCTIONS_MAX * 56)
#define LIST_BYTES_MAX  (2 * LIST_BYTES_LONG)
#define NAMES           "seen"
/* What all names are of; no address. */
#define MARK           ".mark"
#define DEVICES        "/sys/bus/pci/devices"
#define PATH_MAX_BYTES 128

uint64_t seen_node(const struct pci_address *address)
{
	char path[PATH_MAX_BYTES], name[PCI_ADDRESS_TEXT_MAX];
	struct stat status;

	pci_address_format(address, name);
	snprintf(path, sizeof(path), DEVICES "/%s", name);
	return lstat(path, &status) < 0 ? 0 : (uint64_t)status.st_ino;
}

static int compare(const void *a, const void *b)
{
	return pci_address_compare(&((const struct seen_function *)a)->address,
		&((const struct seen_function *)b)->address);
}

static const struct seen_function *find(
	const struct seen *seen, const struct pci_address *address, uint64_t node)
{
	const struct seen_function key = {.address = *address}, *found = NULL;

	if (seen->count > 0)
		found = bsearch(&key, seen->functions, seen->count,
			sizeof(*seen->functions), compare);
	return found && found->node == node ? found : NULL;
}

bool seen_has(const struct seen *seen, const struct pci_address *address, uint64_t node)
{
	const struct seen_function *found = find(seen, address, node);

	return found && !found->waits;
}

bool seen_waits(const struct seen *seen, const struct pci_address *address, uint64_t node)
{
	const struct seen_function *found = find(seen, address, node);

	return found && found->waits;
}

static bool parse_line(struct span line, struct seen_function *ret)
{
	struct seen_function function;
	struct span word;

	if (!span_next(&line, ' ', &word) ||
		pci_address_parse(word.text, word.length, &function.address) < 0 ||
		!span_next(&line, ' ', &word) ||
		number_parse(word.text, word.length, 10, UINT64_MAX, &function.node) < 0)
		return false;
	function.waits = span_is(line, "waits");
	if (!function.waits && !span_is(line, "seen"))
		return false;
	*ret = function;
	return true;
}

static int compare_lines(const void *a, const void *b)
{
	const struct seen_function *left = a, *right = b;
	int r = compare(a, b);

	return r != 0 ? r : left->line < right->line ? -1 : left->line > right->line;
}

static void keep_last(struct seen *seen)
{
	struct seen_function *functions = seen->functions;
	size_t count = 0;

	if (seen->count > 1)
		qsort(functions, seen->count, sizeof(*functions), compare_lines);
	for (size_t i = 0; i < seen->count; i++)
		if (i + 1 == seen->count ||
			compare(&functions[i], &functions[i + 1]) != 0)
			functions[count++] = functions[i];
	seen->count = count;
}

static int parse(const char *text, size_t length, struct seen *seen)
{
	struct span rest = {text, length}, line;
	size_t lines = 1;

	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	seen->functions = calloc(lines, sizeof(*seen->functions));
	if (!seen->functions)
		return -ENOMEM;
	while (span_next(&rest, '\n', &line)) {
		struct seen_function *function = &seen->functions[seen->count];

		if (!parse_line(line, function))
			continue;
		function->line = seen->count++;
	}
	keep_last(seen);
	return 0;
}

int seen_read(const char *folder, struct seen *ret_seen)
{
	cleanup_close int run = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_free char *text = NULL;
	struct seen seen = {0};
	size_t length;
	int r = 0;

	if (run >= 0)
		r = proc_read(run, LIST, LIST_BYTES_MAX, &text, &length);
	if (run < 0 || r == -ENOENT) {
		*ret_seen = seen;
		return 0;
	}
	if (r == 0)
		r = parse(text, length, &seen);
	if (r < 0)
		return r;
	seen.any = true;
	*ret_seen = seen;
	return 0;
}

void seen_clear(struct seen *seen)
{
	free(seen->functions);
	*seen = (struct seen){0};
}

static char *lines_of(const struct seen_function functions[], size_t count)
{
	struct record_text text = {0};

	record_add(&text, "%s", "");
	for (size_t i = 0; i < count; i++) {
		char address[PCI_ADDRESS_TEXT_MAX];

		pci_address_format(&functions[i].address, address);
		record_add_bytes(&text, address, strlen(address));
		record_add_bytes(&text, " ", 1);
		record_add_number(&text, functions[i].node);
		if (functions[i].waits)
			record_add_bytes(&text, " waits\n", strlen(" waits\n"));
		else
			record_add_bytes(&text, " seen\n", strlen(" seen\n"));
	}
	return record_finish(&text);
}

/* The list has its name only when it is whole. */
static int write_list(int run, const struct seen_function functions[], size_t count)
{
	cleanup_free char *text = lines_of(functions, count);
	cleanup_close int fd = -1;
	int r;

	if (!text)
		return -ENOMEM;
	fd = openat(run, LIST_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		0644);
	if (fd < 0)
		return -errno;
	r = write_all(fd, text, strlen(text));
	return r == 0 && renameat(run, LIST_NEW, run, LIST) < 0 ? -errno : r;
}

static int add_names(int run, const struct seen_function functions[], size_t count)
{
	cleanup_close int names = -1;
	int mark, r = 0;

	if (mkdirat(run, NAMES, 0755) < 0 && errno != EEXIST)
		return -errno;
	names = openat(run, NAMES, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (names < 0)
		return -errno;
	mark = openat(names, MARK, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (mark < 0)
		return -errno;
	close(mark);
	for (size_t i = 0; i < count; i++) {
		char address[PCI_ADDRESS_TEXT_MAX];

		if (functions[i].waits)
			continue;
		pci_address_format(&functions[i].address, address);
		if (linkat(names, MARK, names, address, 0) < 0 && errno != EEXIST &&
			r == 0)
			r = -errno;
	}
	return r;
}

int seen_write(const char *folder, const struct machine *machine)
{
	cleanup_close int run = -1;
	struct seen seen = {0};
	int r;

	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		return -errno;
	run = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run < 0)
		return -errno;
	seen.functions = calloc(machine->count + 1, sizeof(*seen.functions));
	if (!seen.functions)
		return -ENOMEM;
	for (size_t i = 0; i < machine->count; i++) {
		const struct pci_function *function = &machine->functions[i];

		/* One that hangs would only hang again, or be taken for bound. */
		if (function->unknown && function->unknown != -ETIMEDOUT)
			continue;
		seen.functions[seen.count++] =
			(struct seen_function){.address = function->address,
				.node = function->node,
				.waits = function->waits};
	}
	r = write_list(run, seen.functions, seen.count);
	if (r == 0)
		r = add_names(run, seen.functions, seen.count);
	seen_clear(&seen);
	return r;
}

/* One line for each function, by the last one that the list has. */
static int shorten(const char *folder, int run)
{
	struct seen seen = {0};
	int r = seen_read(folder, &seen);

	if (r == 0)
		r = write_list(run, seen.functions, seen.count);
	seen_clear(&seen);
	return r;
}

static int append_list(
	int run, const struct seen_function functions[], size_t count, off_t *ret_size)
{
	cleanup_close int fd =
		openat(run, LIST, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	cleanup_free char *text = NULL;
	struct stat status;
	int r;

	if (fd < 0)
		return -errno;
	text = lines_of(functions, count);
	r = text ? write_all(fd, text, strlen(text)) : -ENOMEM;
	if (r == 0 && fstat(fd, &status) < 0)
		r = -errno;
	if (r == 0)
		*ret_size = status.st_size;
	return r;
}

int seen_add(const char *folder, const struct seen_function functions[], size_t count)
{
	cleanup_close int run = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	off_t size = 0;
	int r;

	if (run < 0)
		return errno == ENOENT ? 0 : -errno;
	r = append_list(run, functions, count, &size);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if ((size_t)size > LIST_BYTES_LONG)
		r = shorten(folder, run);
	return r < 0 ? r : add_names(run, functions, count);
}
