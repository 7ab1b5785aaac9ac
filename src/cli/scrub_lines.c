/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scrub.h"

#include <stdio.h>
#include <string.h>

#define WORD_MAX 512

/* Parameters, or with a '*' families of them, whose values tell nobody from others. */
static const char *const harmless[] = {"amd_iommu", "amdgpu.*", "console", "debug",
	"default_hugepagesz", "hugepages", "hugepagesz", "i915.*", "initcall_blacklist",
	"intel_iommu", "iommu", "iommu.*", "kvm*", "loglevel", "module_blacklist",
	"modprobe.blacklist", "nouveau.*", "nvidia*", "panic", "pci", "pcie_*", "quiet",
	"rd.driver.*", "rdinit", "ro", "rootfstype", "rw", "splash", "vfio*", "video",
	"xe.*"};

/* And those whose value is a disk. */
static const char *const disks[] = {"root", "resume", "rd.luks.uuid", "rd.lvm.lv"};

/* '-' and '_' are the same in names. */
static char dash(char c)
{
	if (c == '-')
		return '_';
	return c;
}

static bool is_named(const char *name, size_t length, const char *known)
{
	size_t compared = strcspn(known, "*");

	for (size_t i = 0; i < compared; i++)
		if (i >= length || dash(name[i]) != dash(known[i]))
			return false;
	return known[compared] == '*' || compared == length;
}

static bool is_among(
	const char *name, size_t length, const char *const *known, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_named(name, length, known[i]))
			return true;
	return false;
}

#define AMONG(name, length, table)                                                       \
	is_among(name, length, table, sizeof(table) / sizeof((table)[0]))

static void scrub_disk_value(
	struct scrub *scrub, const char *value, char *out, size_t size)
{
	if (value[0] == '/')
		scrub_device(scrub, value, out, size);
	else if (strncmp(value, "UUID=", 5) == 0 || strncmp(value, "PARTUUID=", 9) == 0 ||
		 (strchr(value, '-') && !strchr(value, '=') && !strchr(value, '/')))
		scrub_text(scrub, value, true, out, size);
	else
		snprintf(out, size, "removed");
}

static void scrub_parameter(struct scrub *scrub, const char *word, char *out, size_t size)
{
	size_t name = strcspn(word, "=");
	char value[WORD_MAX + 64] = "removed";

	if (AMONG(word, name, harmless)) {
		scrub_text(scrub, word, false, out, size);
		return;
	}
	if (word[name] && AMONG(word, name, disks))
		scrub_disk_value(scrub, word + name + 1, value, sizeof(value));
	snprintf(out, size, "%.*s%s%s", (int)name, word, word[name] ? "=" : "",
		word[name] ? value : "");
}

/* Up to a space outside of quotes, as next_arg() in lib/cmdline.c. */
static size_t word_length(const char *text)
{
	bool quoted = false;
	size_t i = 0;

	for (; text[i] && (quoted || text[i] != ' '); i++)
		if (text[i] == '"')
			quoted = !quoted;
	return i;
}

void scrub_cmdline(struct scrub *scrub, const char *text, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	while (*text) {
		size_t length = word_length(text);
		char word[WORD_MAX], clean[WORD_MAX + 128];

		/* What stands behind -- is for init, and nobody's here. */
		if (length == 2 && strncmp(text, "--", 2) == 0)
			return;
		snprintf(word, sizeof(word), "%.*s",
			(int)(length < WORD_MAX ? length : WORD_MAX - 1), text);
		text += length;
		text += strspn(text, " ");
		if (length == 0 || length >= WORD_MAX)
			continue;
		scrub_parameter(scrub, word, clean, sizeof(clean));
		if (used + strlen(clean) + 2 > size)
			return;
		used += (size_t)snprintf(
			out + used, size - used, "%s%s", used ? " " : "", clean);
	}
}

/* Line numbers stay, so a comment leaves its sign. */
void scrub_config_line(struct scrub *scrub, const char *text, char *out, size_t size)
{
	size_t length = strcspn(text, "#");
	char line[SCRUB_TEXT_MAX];

	snprintf(line, sizeof(line), "%.*s", (int)(length + (text[length] == '#')), text);
	scrub_text(scrub, line, true, out, size);
}

/* What a message may name of the system itself. */
static bool is_system_path(const char *path)
{
	static const char *const begins[] = {"/etc/vfio-early.conf", "/sys/", "/proc/",
		"/run/vfio-early", "/lib/modules/"};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncmp(path, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

static void scrub_word(struct scrub *scrub, const char *word, char *out, size_t size)
{
	const char *value = strstr(word, "LABEL=");

	if (value)
		snprintf(out, size, "%.*sLABEL=removed", (int)(value - word), word);
	else if (word[0] == '/' && strncmp(word, "/dev/", 5) == 0)
		scrub_device(scrub, word, out, size);
	else if (word[0] == '/' && !is_system_path(word))
		scrub_folder(scrub, word, out, size);
	else
		scrub_text(scrub, word, true, out, size);
}

void scrub_message(struct scrub *scrub, const char *text, char *out, size_t size)
{
	static const char between[] = " (),;\"";
	size_t used = 0;

	out[0] = '\0';
	while (*text) {
		size_t gap = strspn(text, between), length = strcspn(text + gap, between);
		char word[WORD_MAX], clean[WORD_MAX + 128] = "";

		snprintf(word, sizeof(word), "%.*s", (int)length, text + gap);
		if (length > 0)
			scrub_word(scrub, word, clean, sizeof(clean));
		if (used + gap + strlen(clean) + 1 > size)
			return;
		used += (size_t)snprintf(
			out + used, size - used, "%.*s%s", (int)gap, text, clean);
		text += gap + length;
	}
}
