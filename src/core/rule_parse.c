/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rule_parse.h"

#include "number.h"
#include "quote.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Group numbers are ints of an ida (drivers/iommu/iommu.c, iommu_group_alloc). */
#define GROUP_NUMBER_MAX 0x7fffffffU

#define QUOTED_MAX 80

struct span {
	const char *text;
	size_t length;
};

static bool span_is(struct span span, const char *text)
{
	return strlen(text) == span.length && memcmp(span.text, text, span.length) == 0;
}

static int parse_address(struct rule *rule, struct term *term, struct span value)
{
	(void)rule;
	term->kind = TERM_ADDRESS;
	return pci_address_pattern_parse(value.text, value.length, &term->address);
}

static int parse_path(struct rule *rule, struct term *term, struct span value)
{
	(void)rule;
	term->kind = TERM_PATH;
	return pci_path_parse(value.text, value.length, &term->path);
}

static int parse_group(struct rule *rule, struct term *term, struct span value)
{
	uint64_t number;
	int r;

	(void)rule;
	if (memchr(value.text, ':', value.length)) {
		term->kind = TERM_GROUP_OF;
		return pci_address_parse(value.text, value.length, &term->group_of);
	}
	term->kind = TERM_GROUP_NUMBER;
	r = number_parse(value.text, value.length, 10, GROUP_NUMBER_MAX, &number);
	if (r == 0)
		term->group = (unsigned)number;
	return r;
}

static int parse_id(struct rule *rule, struct term *term, struct span value)
{
	(void)rule;
	term->kind = TERM_ID;
	return pci_id_pattern_parse(value.text, value.length, &term->id);
}

static int parse_class(struct rule *rule, struct term *term, struct span value)
{
	(void)rule;
	term->kind = TERM_CLASS;
	return pci_class_pattern_parse(value.text, value.length, &term->class_pattern);
}

static int parse_serial(struct rule *rule, struct term *term, struct span value)
{
	(void)rule;
	term->kind = TERM_SERIAL;
	return pci_serial_parse(value.text, value.length, &term->serial);
}

static int parse_vf_of(struct rule *rule, struct term *term, struct span value)
{
	(void)rule;
	term->kind = TERM_VF_OF;
	return pci_address_parse(value.text, value.length, &term->vf_of);
}

static int parse_boot_display(struct rule *rule, struct term *term, struct span value)
{
	(void)rule;
	term->kind = TERM_BOOT_DISPLAY;
	term->boot_display = span_is(value, "yes");
	return term->boot_display || span_is(value, "no") ? 0 : -EINVAL;
}

static int parse_with(struct rule *rule, struct term *term, struct span value)
{
	(void)term;
	if (span_is(value, "slot"))
		rule->widening = WIDEN_SLOT;
	else if (span_is(value, "group"))
		rule->widening = WIDEN_GROUP;
	else
		return -EINVAL;
	return 0;
}

static int parse_unbind(struct rule *rule, struct term *term, struct span value)
{
	(void)term;
	if (span_is(value, "never"))
		rule->unbind = UNBIND_NEVER;
	else if (span_is(value, "safe"))
		rule->unbind = UNBIND_SAFE;
	else if (span_is(value, "always"))
		rule->unbind = UNBIND_ALWAYS;
	else
		return -EINVAL;
	return 0;
}

static int parse_d3(struct rule *rule, struct term *term, struct span value)
{
	(void)term;
	rule->d3_off = span_is(value, "off");
	return rule->d3_off || span_is(value, "on") ? 0 : -EINVAL;
}

static int parse_framebuffer(struct rule *rule, struct term *term, struct span value)
{
	(void)term;
	if (span_is(value, "release"))
		rule->framebuffer = FRAMEBUFFER_RELEASE;
	else if (span_is(value, "leave"))
		rule->framebuffer = FRAMEBUFFER_LEAVE;
	else
		return -EINVAL;
	return 0;
}

static bool is_driver_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static int parse_driver(struct rule *rule, struct term *term, struct span value)
{
	(void)term;
	if (value.length == 0 || value.text[0] == '.')
		return -EINVAL;
	if (value.length >= sizeof(rule->driver))
		return -ERANGE;
	for (size_t i = 0; i < value.length; i++)
		if (!is_driver_byte(value.text[i]))
			return -EINVAL;
	memcpy(rule->driver, value.text, value.length);
	rule->driver[value.length] = '\0';
	return 0;
}

static int parse_allow(struct rule *rule, struct term *term, struct span value)
{
	(void)term;
	for (;;) {
		size_t length = 0;
		enum guard guard;

		while (length < value.length && value.text[length] != ',' &&
			value.text[length] != '+')
			length++;
		guard = guard_from_name(value.text, length);
		if (guard_not_liftable(guard))
			return -EINVAL;
		rule->allow |= GUARD_BIT(guard);
		if (length == value.length)
			return 0;
		value.text += length + 1;
		value.length -= length + 1;
	}
}

/* Every word of the language. selects: it becomes a term; else it is an option. */
static const struct keyword {
	const char *name;
	int (*parse)(struct rule *rule, struct term *term, struct span value);
	const char *expected;
	bool selects;
	bool for_keep;
	bool list; /* of values divided by commas */
} keywords[] = {
	{"address", parse_address,
		"[DOMAIN:]BUS:DEVICE.FUNCTION as lspci prints it, FUNCTION may be *",
		true, true, false},
	{"path", parse_path, "[DOMAIN:]BUS:DEV.FN/DEV.FN..., as 00:01.0/00.0", true, true,
		false},
	{"group", parse_group,
		"a decimal group number or a PCI address, as group=01:00.0", true, true,
		false},
	{"id", parse_id,
		"VENDOR:DEVICE[:SUBVENDOR:SUBDEVICE] of hexadecimal digits or *, not "
		"both "
		"of the first two *",
		true, true, false},
	{"class", parse_class,
		"2, 4 or 6 hexadecimal digits of a class code, as class=0300, or a word "
		"as "
		"display, audio, usb, nvme or ethernet",
		true, true, false},
	{"serial", parse_serial,
		"eight bytes of a PCIe serial number, as 00-11-22-33-44-55-66-77", true,
		true, false},
	{"vf-of", parse_vf_of,
		"the PCI address of the function that has virtual functions, as "
		"vf-of=03:00.0",
		true, true, false},
	{"boot-display", parse_boot_display, "boot-display=yes or boot-display=no", true,
		true, false},
	{"with", parse_with, "with=slot or with=group", false, true, false},
	{"driver", parse_driver, "a driver's name, as driver=vfio-pci", false, false,
		false},
	{"unbind", parse_unbind, "unbind=never, unbind=safe or unbind=always", false,
		false, false},
	{"d3", parse_d3, "d3=off or d3=on", false, false, false},
	{"framebuffer", parse_framebuffer, "framebuffer=release or framebuffer=leave",
		false, false, false},
	{"allow", parse_allow,
		"guard names divided by , or +: bridge, no-iommu, root-disk, storage, "
		"keyboard, network, last-display (identity, driver and bound cannot be "
		"lifted)",
		false, false, true},
};

#define KEYWORD_COUNT (sizeof(keywords) / sizeof(keywords[0]))

static const struct keyword *keyword_find(struct span name)
{
	for (size_t i = 0; i < KEYWORD_COUNT; i++)
		if (span_is(name, keywords[i].name))
			return &keywords[i];
	return NULL;
}

__attribute__((format(printf, 4, 5))) static int problem_at(struct rule_problem *problem,
	size_t offset, struct span found, const char *format, ...)
{
	char quoted[QUOTED_MAX];
	int used;
	va_list arguments;

	quote_text(found.text, found.length, quoted, sizeof(quoted));
	problem->offset = offset;
	used = snprintf(problem->text, sizeof(problem->text), "\"%s\": ", quoted);
	va_start(arguments, format);
	vsnprintf(problem->text + used, sizeof(problem->text) - (size_t)used, format,
		arguments);
	va_end(arguments);
	return -EINVAL;
}

/* Splits NAME=VALUE; a bare word is an address. */
static const struct keyword *split(struct span word, struct span *ret_value)
{
	const char *equals = memchr(word.text, '=', word.length);
	struct span name = word;

	if (!equals) {
		*ret_value = word;
		return &keywords[0];
	}
	name.length = (size_t)(equals - word.text);
	ret_value->text = equals + 1;
	ret_value->length = word.length - name.length - 1;
	return keyword_find(name);
}

/* What a word may depend on: those before it. */
struct before {
	unsigned seen;              /* bits of keywords */
	const struct keyword *list; /* the last word was of this list */
};

static int parse_value(struct rule *rule, const struct keyword *keyword,
	struct span value, size_t offset, struct rule_problem *problem)
{
	struct term term = {0};
	int r = keyword->parse(rule, &term, value);

	if (r < 0)
		return problem_at(problem, offset, value, "%s; expected %s",
			r == -ERANGE ? "out of range" : "not understood",
			keyword->expected);
	if (keyword->selects)
		rule->terms[rule->term_count++] = term;
	return 0;
}

/* Where commas divide terms as well, a list goes on with words that can be no term. */
static bool goes_on(const struct before *before, struct span word, size_t offset)
{
	return before->list && offset > 0 && word.text[-1] == ',' &&
	       !memchr(word.text, '=', word.length) &&
	       !memchr(word.text, ':', word.length);
}

static int parse_word(struct rule *rule, struct span word, size_t offset,
	struct before *before, struct rule_problem *problem)
{
	const struct keyword *keyword;
	struct span value;
	unsigned bit;

	if (word.length > RULE_TERM_BYTES_MAX)
		return problem_at(problem, offset, word,
			"term of %zu bytes; expected at most %d", word.length,
			RULE_TERM_BYTES_MAX);
	if (goes_on(before, word, offset))
		return parse_value(rule, before->list, word, offset, problem);
	keyword = split(word, &value);
	if (!keyword)
		return problem_at(problem, offset, word,
			"unknown term; expected an address, path=, group=, id=, class=, "
			"serial=, vf-of=, boot-display=, with=, driver=, unbind=, "
			"d3=, framebuffer= or allow=");
	if (rule->action == RULE_KEEP && !keyword->for_keep)
		return problem_at(problem, offset, word,
			"%s= means nothing in a keep rule; remove it", keyword->name);
	bit = 1U << (keyword - keywords);
	if (before->seen & bit)
		return problem_at(problem, offset, word,
			"second %s= in one rule, and every term must hold; write a rule "
			"of "
			"its own on another line",
			keyword->name);
	before->seen |= bit;
	before->list = keyword->list ? keyword : NULL;
	return parse_value(
		rule, keyword, value, offset + (size_t)(value.text - word.text), problem);
}

_Static_assert(KEYWORD_COUNT <= RULE_TERMS_MAX, "each keyword is a term at most once");

int rule_parse(struct rule *rule, const char *separators, const char *text, size_t length,
	struct rule_problem *ret_problem)
{
	struct before before = {0};
	size_t at = 0;

	memcpy(rule->driver, DRIVER_DEFAULT, sizeof(DRIVER_DEFAULT));
	while (at < length) {
		struct span word = {.text = text + at};
		int r;

		while (at + word.length < length &&
			!memchr(separators, text[at + word.length], strlen(separators)))
			word.length++;
		if (word.length > 0) {
			r = parse_word(rule, word, at, &before, ret_problem);
			if (r < 0)
				return r;
		}
		at += word.length + 1;
	}
	if (rule->term_count == 0)
		return problem_at(ret_problem, 0, (struct span){text, length},
			"selects nothing; expected an address, path=, group=, id=, "
			"class=, serial=, vf-of= or boot-display=");
	return 0;
}
