/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The texts of a host: mountinfo, fstab, crypttab, swaps, option lists, device names, and
 * what a command line says about its root. All of them read the same bytes.
 */
#include "core/boot_source.h"
#include "core/mount_lines.h"
#include "fuzz_check.h"

static void check_spec(const struct device_spec *spec)
{
	struct device_spec again;
	char text[DEVICE_SPEC_MAX + 16];

	CHECK(spec->kind > SPEC_NONE && spec->kind < SPEC_KIND_COUNT);
	CHECK(memchr(spec->value, '\0', sizeof(spec->value)) && spec->value[0]);
	if (spec->kind == SPEC_NODE || spec->kind == SPEC_POOL)
		return;
	CHECK(device_spec_same(spec, spec->value));
	if (spec->kind == SPEC_NUMBER)
		return;
	snprintf(text, sizeof(text), "%s=%s", device_spec_name(spec->kind), spec->value);
	/* Quotes inside of quotes are taken off once more. */
	if (strchr(spec->value, '"') || strchr(spec->value, '\'') ||
		strchr(spec->value, '/'))
		return;
	CHECK(device_spec_parse(text, strlen(text), &again));
	CHECK(again.kind == spec->kind && strcmp(again.value, spec->value) == 0);
}

static void check_tables(struct span text)
{
	struct span rest = text, value;
	struct crypttab_entry crypttab;
	char path[MOUNT_FIELD_MAX];
	struct fstab_entry fstab;
	struct mount mount;

	while (mountinfo_next(&rest, &mount))
		CHECK(strlen(mount.source) < sizeof(mount.source) &&
			strlen(mount.type) < sizeof(mount.type));
	rest = text;
	while (fstab_next(&rest, &fstab)) {
		if (option_find(fstab.options, "header=", &value))
			CHECK(value.text + value.length <=
				fstab.options + strlen(fstab.options));
		(void)option_find(fstab.options, fstab.type, NULL);
	}
	rest = text;
	while (crypttab_next(&rest, &crypttab))
		CHECK(strlen(crypttab.options) < sizeof(crypttab.options));
	rest = text;
	while (swaps_next(&rest, path))
		CHECK(strlen(path) < sizeof(path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct boot_source source;
	struct device_spec spec;

	if (device_spec_parse(text.text, text.length, &spec))
		check_spec(&spec);
	check_tables(text);
	boot_source_parse(text.text, text.length, &source);
	CHECK(source.count <= BOOT_ITEMS_MAX);
	for (unsigned i = 0; i < source.count; i++)
		CHECK(source.items[i].spec.kind != SPEC_NONE &&
			memchr(source.items[i].spec.value, '\0', DEVICE_SPEC_MAX));
	CHECK(memchr(source.root_text, '\0', sizeof(source.root_text)));
	return 0;
}
