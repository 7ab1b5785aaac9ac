/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct writer {
	char *out;
	size_t size;
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(
	struct writer *writer, const char *format, ...)
{
	va_list arguments;
	int length;

	if (writer->used >= writer->size)
		return;
	va_start(arguments, format);
	length = vsnprintf(writer->out + writer->used, writer->size - writer->used,
		format, arguments);
	va_end(arguments);
	if (length > 0)
		writer->used += (size_t)length;
}

static void add_term(struct writer *writer, const struct term *term)
{
	char text[PCI_PATH_TEXT_MAX];

	switch (term->kind) {
	case TERM_ADDRESS:
		pci_address_pattern_format(&term->address, text);
		add(writer, "%s", text);
		break;
	case TERM_PATH:
		pci_path_format(&term->path, text);
		add(writer, "path=%s", text);
		break;
	case TERM_GROUP_NUMBER:
		add(writer, "group=%u", term->group);
		break;
	case TERM_GROUP_OF:
		pci_address_format(&term->group_of, text);
		add(writer, "group=%s", text);
		break;
	case TERM_ID:
		pci_id_pattern_format(&term->id, text);
		add(writer, "id=%s", text);
		break;
	case TERM_CLASS:
		pci_class_pattern_format(&term->class_pattern, text);
		add(writer, "class=%s", text);
		break;
	case TERM_SERIAL:
		pci_serial_format(term->serial, text);
		add(writer, "serial=%s", text);
		break;
	case TERM_VF_OF:
		pci_address_format(&term->vf_of, text);
		add(writer, "vf-of=%s", text);
		break;
	case TERM_BOOT_DISPLAY:
		add(writer, "boot-display=%s", term->boot_display ? "yes" : "no");
		break;
	}
}

static void add_options(struct writer *writer, const struct rule *rule)
{
	const char *before = " allow=";

	if (rule->widening != WIDEN_NONE)
		add(writer, " with=%s", rule->widening == WIDEN_SLOT ? "slot" : "group");
	if (strcmp(rule->driver, DRIVER_DEFAULT) != 0)
		add(writer, " driver=%s", rule->driver);
	if (rule->unbind != UNBIND_SAFE)
		add(writer, " unbind=%s",
			rule->unbind == UNBIND_NEVER ? "never" : "always");
	if (rule->d3_off)
		add(writer, " d3=off");
	if (rule->framebuffer == FRAMEBUFFER_LEAVE)
		add(writer, " framebuffer=leave");
	for (unsigned i = GUARD_NONE + 1; i < GUARD_COUNT; i++) {
		if (!(rule->allow & GUARD_BIT(i)))
			continue;
		add(writer, "%s%s", before, guard_name((enum guard)i));
		before = ",";
	}
}

void rule_format(const struct rule *rule, char *out, size_t size)
{
	struct writer writer = {.out = out, .size = size};

	out[0] = '\0';
	if (rule->action == RULE_KEEP)
		add(&writer, "keep ");
	for (unsigned i = 0; i < rule->term_count; i++) {
		if (i > 0)
			add(&writer, " ");
		add_term(&writer, &rule->terms[i]);
	}
	add_options(&writer, rule);
}
