/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot_source.h"

#include "cmdline.h"
#include "quote.h"
#include "record.h"

#include <string.h>

static bool begins(struct span span, const char *with)
{
	return span.length >= strlen(with) && memcmp(span.text, with, strlen(with)) == 0;
}

static struct span behind(struct span span, size_t length)
{
	return (struct span){span.text + length, span.length - length};
}

static struct span until(struct span span, char end)
{
	const char *stop = memchr(span.text, end, span.length);

	return (struct span){span.text, stop ? (size_t)(stop - span.text) : span.length};
}

static void add_spec(
	struct boot_source *source, enum boot_use use, const struct device_spec *spec)
{
	if (source->count == BOOT_ITEMS_MAX) {
		source->overflow = true;
		return;
	}
	source->items[source->count++] = (struct boot_item){use, *spec};
}

static void add_text(struct boot_source *source, enum boot_use use, struct span text)
{
	struct device_spec spec;

	if (device_spec_parse(text.text, text.length, &spec))
		add_spec(source, use, &spec);
}

/* A bare UUID, or one that dracut's "luks-" stands before. */
static void add_uuid(struct boot_source *source, struct span text)
{
	struct device_spec spec = {.kind = SPEC_UUID};

	if (begins(text, "luks-"))
		text = behind(text, strlen("luks-"));
	if (text.length == 0 || text.length >= sizeof(spec.value) ||
		memchr(text.text, '/', text.length) ||
		memchr(text.text, '\0', text.length))
		return;
	memcpy(spec.value, text.text, text.length);
	add_spec(source, BOOT_LAYER, &spec);
}

/* root=ZFS=POOL/..., root=zfs:POOL/..., zfs=POOL/... */
static void add_pool(struct boot_source *source, struct span text)
{
	struct device_spec spec = {.kind = SPEC_POOL};

	text = until(text, '/');
	if (span_is(text, "AUTO") || span_is(text, "bootfs") || text.length == 0)
		text = (struct span){"*", 1};
	if (text.length >= sizeof(spec.value) || memchr(text.text, '\0', text.length))
		return;
	memcpy(spec.value, text.text, text.length);
	add_spec(source, BOOT_ROOT, &spec);
}

/* root= as written, and without the prefixes of dracut: live:, block:. */
static bool is_network(struct span value)
{
	static const char *const prefixes[] = {"nfs:", "nfs4:", "dhcp", "iscsi:", "nbd:",
		"fcoe:", "aoe:", "cifs:", "http:", "https:", "ftp:", "tftp:", "nfs://",
		"ssh:", "rbd:", "ceph:", "//", "/dev/nfs", "/dev/cifs", "/dev/nbd",
		"/dev/etherd/"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (begins(value, prefixes[i]))
			return true;
	return false;
}

static void set_root(struct boot_source *source, struct span value)
{
	/* The last root= is the one that counts. */
	for (unsigned i = 0; i < source->count; i++)
		if (source->items[i].use == BOOT_ROOT)
			source->items[i--] = source->items[--source->count];
	source->has_root = value.length > 0;
	source->network_root = is_network(value);
	quote_text(
		value.text, value.length, source->root_text, sizeof(source->root_text));
	if (begins(value, "live:") || begins(value, "block:")) {
		value = behind(value, until(value, ':').length + 1);
		source->network_root = is_network(value);
		if (begins(value, "CDLABEL="))
			value = behind(value, strlen("CD"));
	}
	if (begins(value, "ZFS=") || begins(value, "zfs:") || begins(value, "zfs="))
		add_pool(source, behind(value, strlen("zfs:")));
	else if (!source->network_root)
		add_text(source, BOOT_ROOT, value);
}

/* UUID=NAME of rd.luks.name=, UUID=OPTIONS of rd.luks.options=, UUID=KEY of rd.luks.key=
 */
static void add_luks_key(struct boot_source *source, struct span value)
{
	const char *colon = memchr(value.text, ':', value.length);

	if (colon)
		add_text(source, BOOT_KEY,
			behind(value, (size_t)(colon - value.text) + 1));
}

/* OPTION,OPTION or UUID=OPTION,OPTION: the one that is header=PATH:DEVICE. */
static void add_header(struct boot_source *source, struct span value)
{
	struct span option;

	while (span_next(&value, ',', &option)) {
		struct span disk = until(option, '=');

		if (!begins(option, "header=") && disk.length < option.length)
			option = behind(option, disk.length + 1);
		if (begins(option, "header="))
			add_luks_key(source, option);
	}
}

static void add_cryptdevice(struct boot_source *source, struct span value)
{
	add_text(source, BOOT_LAYER, until(value, ':'));
}

static void add_cryptkey(struct boot_source *source, struct span value)
{
	/* rootfs: a file of the image itself. */
	if (!begins(value, "rootfs:"))
		add_text(source, BOOT_KEY, until(value, ':'));
}

static void add_layer_name(struct boot_source *source, struct span value)
{
	add_uuid(source, until(value, '='));
}

static void add_resume(struct boot_source *source, struct span value)
{
	add_text(source, BOOT_RESUME, value);
}

static void add_usr(struct boot_source *source, struct span value)
{
	add_text(source, BOOT_USR, value);
}

static void add_zfs(struct boot_source *source, struct span value)
{
	source->has_root = true;
	add_pool(source, value);
}

static void set_network(struct boot_source *source, struct span value)
{
	(void)value;
	source->network = true;
}

static const struct {
	const char *name;
	void (*read)(struct boot_source *source, struct span value);
} parameters[] = {
	{"root", set_root},
	{"zfs", add_zfs},
	{"mount.usr", add_usr},
	{"resume", add_resume},
	{"rd.luks.uuid", add_uuid},
	{"luks.uuid", add_uuid},
	{"rd_LUKS_UUID", add_uuid},
	{"rd.luks.name", add_layer_name},
	{"luks.name", add_layer_name},
	{"rd.luks.key", add_luks_key},
	{"luks.key", add_luks_key},
	{"rd.luks.options", add_header},
	{"luks.options", add_header},
	{"rd.md.uuid", add_uuid},
	{"rd_MD_UUID", add_uuid},
	{"cryptdevice", add_cryptdevice},
	{"cryptkey", add_cryptkey},
	{"nfsroot", set_network},
	{"netroot", set_network},
	{"nbdroot", set_network},
};

static bool visit(void *context, const char *name, size_t name_length, const char *value,
	size_t value_length)
{
	struct boot_source *source = context;

	/* "root=" takes back the one before it; all others are nothing then. */
	if (!value || (value_length == 0 && !cmdline_name_is(name, name_length, "root")))
		return true;
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
		if (cmdline_name_is(name, name_length, parameters[i].name))
			parameters[i].read(source, (struct span){value, value_length});
	return true;
}

void boot_source_parse(const char *bytes, size_t length, struct boot_source *ret)
{
	struct boot_source source = {0};

	cmdline_for_each(bytes, length, visit, &source);
	source.network |= source.network_root;
	*ret = source;
}

const struct boot_item *boot_source_item(
	const struct boot_source *source, enum boot_use use)
{
	for (unsigned i = 0; i < source->count; i++)
		if (source->items[i].use == use)
			return &source->items[i];
	return NULL;
}

const char *boot_use_words(enum boot_use use)
{
	static const char *const words[BOOT_USE_COUNT] = {[BOOT_ROOT] = "/",
		[BOOT_USR] = "/usr",
		[BOOT_LAYER] = "a layer below /",
		[BOOT_RESUME] = "resume",
		[BOOT_KEY] = "a key for /"};

	return use < BOOT_USE_COUNT ? words[use] : "";
}
