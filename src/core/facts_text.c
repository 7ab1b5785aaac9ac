/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "facts.h"
#include "number.h"
#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC        "vfio-early-facts "
#define KNOWN(known) ((known) ? "known" : "unknown")

static void add_fact(struct record_text *text, const struct fact *fact)
{
	record_add(text, "need kind=%s", need_kind_name(fact->kind));
	record_add_value(text, " words", fact->words);
	for (unsigned i = 0; i < fact->function_count; i++) {
		const struct fact_function *function = &fact->functions[i];
		char path[PCI_PATH_TEXT_MAX];

		pci_path_format(&function->path, path);
		record_add(text, " function=%s,%04x:%04x,%06x", path, function->vendor,
			function->device, function->class_code);
	}
	record_add(text, "\n");
}

static void add_root_name(struct record_text *text, const struct device_spec *name)
{
	record_add(text, "root kind=%s", device_spec_name(name->kind));
	record_add_value(text, " name", name->value);
	record_add(text, "\n");
}

char *facts_print(const struct facts *facts)
{
	struct record_text text = {0};

	record_add(&text, MAGIC "%d\n", FACTS_FORMAT_VERSION);
	record_add_value(&text, "version", facts->version);
	record_add(&text, " made=%" PRIu64 " config=%016" PRIx64 " root=%s", facts->made,
		facts->config_hash, root_place_name(facts->root));
	record_add_value(&text, " why", facts->root_words);
	record_add(&text, " keyboards=%s network=%s\n", KNOWN(facts->keyboards_known),
		KNOWN(facts->network_known));
	for (unsigned i = 0; i < facts->root_name_count; i++)
		add_root_name(&text, &facts->root_names[i]);
	for (size_t i = 0; i < facts->count; i++)
		add_fact(&text, &facts->items[i]);
	return record_finish(&text);
}

static int read_known(struct span value, bool *ret)
{
	if (!span_is(value, "known") && !span_is(value, "unknown"))
		return -EBADMSG;
	*ret = span_is(value, "known");
	return 0;
}

static int read_place(struct span value, enum root_place *ret)
{
	for (unsigned i = 0; i < ROOT_PLACE_COUNT; i++) {
		if (span_is(value, root_place_name((enum root_place)i))) {
			*ret = (enum root_place)i;
			return 0;
		}
	}
	return -EBADMSG;
}

static int read_header(struct facts *facts, struct span key, struct span value)
{
	if (span_is(key, "version"))
		return span_text(value, facts->version, sizeof(facts->version));
	if (span_is(key, "made"))
		return number_parse(
			value.text, value.length, 10, UINT64_MAX, &facts->made);
	if (span_is(key, "config"))
		return number_parse(
			value.text, value.length, 16, UINT64_MAX, &facts->config_hash);
	if (span_is(key, "root"))
		return read_place(value, &facts->root);
	if (span_is(key, "why"))
		return span_text(value, facts->root_words, sizeof(facts->root_words));
	if (span_is(key, "keyboards"))
		return read_known(value, &facts->keyboards_known);
	if (span_is(key, "network"))
		return read_known(value, &facts->network_known);
	return 0;
}

static int read_root_name(struct facts *facts, struct span key, struct span value)
{
	struct device_spec *name = &facts->root_names[facts->root_name_count];

	if (facts->root_name_count == ROOT_NAMES_MAX)
		return -EFBIG;
	if (span_is(key, "name"))
		return span_text(value, name->value, sizeof(name->value));
	if (!span_is(key, "kind"))
		return 0;
	for (unsigned i = SPEC_NONE + 1; i < SPEC_KIND_COUNT; i++) {
		if (span_is(value, device_spec_name((enum device_spec_kind)i))) {
			name->kind = (enum device_spec_kind)i;
			return 0;
		}
	}
	return -EBADMSG;
}

static int read_class(struct span value, struct fact_function *function)
{
	unsigned class_code = 0;

	if (value.length != 6 || span_unsigned(value, 16, 0xffffff, &class_code) < 0)
		return -EBADMSG;
	function->class_code = class_code;
	return 0;
}

/* PATH,VENDOR:DEVICE,CLASS */
static int read_function(struct fact *fact, struct span value)
{
	struct fact_function *function;
	struct pci_id_pattern id;
	struct span path, part;

	if (fact->function_count == PCI_PATH_HOPS_MAX)
		return -EBADMSG;
	if (!fact->functions)
		fact->functions = calloc(PCI_PATH_HOPS_MAX, sizeof(*fact->functions));
	if (!fact->functions)
		return -ENOMEM;
	function = &fact->functions[fact->function_count];
	if (!span_next(&value, ',', &path) || !span_next(&value, ',', &part) ||
		pci_path_parse(path.text, path.length, &function->path) < 0 ||
		pci_id_pattern_parse(part.text, part.length, &id) < 0 || id.any_vendor ||
		id.any_device || !id.any_subvendor || !id.any_subdevice)
		return -EBADMSG;
	function->vendor = id.id.vendor;
	function->device = id.id.device;
	if (read_class(value, function) < 0)
		return -EBADMSG;
	fact->function_count++;
	return 0;
}

static int read_kind(struct span value, enum need_kind *ret)
{
	for (unsigned i = 0; i < NEED_KIND_COUNT; i++) {
		if (span_is(value, need_kind_name((enum need_kind)i))) {
			*ret = (enum need_kind)i;
			return 0;
		}
	}
	return -EBADMSG;
}

static int read_fact(struct fact *fact, struct span key, struct span value)
{
	if (span_is(key, "kind"))
		return read_kind(value, &fact->kind);
	if (span_is(key, "words"))
		return span_text(value, fact->words, sizeof(fact->words));
	if (span_is(key, "function"))
		return read_function(fact, value);
	return 0;
}

enum record_kind { RECORD_HEADER, RECORD_ROOT, RECORD_NEED };

static int read_words(struct facts *facts, struct span line, enum record_kind kind)
{
	struct span word, key, value;

	while (span_next(&line, ' ', &word)) {
		int r = -EBADMSG;

		if (!span_divide(word, &key, &value))
			return r;
		switch (kind) {
		case RECORD_HEADER:
			r = read_header(facts, key, value);
			break;
		case RECORD_ROOT:
			r = read_root_name(facts, key, value);
			break;
		case RECORD_NEED:
			r = read_fact(&facts->items[facts->count - 1], key, value);
			break;
		}
		if (r == -ENOMEM || r == -EFBIG)
			return r;
		if (r < 0)
			return -EBADMSG;
	}
	return 0;
}

static int read_need(struct facts *facts, struct span line)
{
	int r;

	if (!facts->items)
		facts->items = calloc(NEEDS_MAX, sizeof(*facts->items));
	if (!facts->items)
		return -ENOMEM;
	if (facts->count == NEEDS_MAX)
		return -EFBIG;
	facts->items[facts->count++].kind = NEED_KIND_COUNT;
	r = read_words(facts, line, RECORD_NEED);
	if (r < 0)
		return r;
	return facts->items[facts->count - 1].kind == NEED_KIND_COUNT ? -EBADMSG : 0;
}

static int read_root(struct facts *facts, struct span line)
{
	int r = read_words(facts, line, RECORD_ROOT);

	if (r < 0)
		return r;
	if (facts->root_name_count == ROOT_NAMES_MAX)
		return -EFBIG;
	if (facts->root_names[facts->root_name_count].kind == SPEC_NONE)
		return -EBADMSG;
	facts->root_name_count++;
	return 0;
}

static int read_magic(struct span line)
{
	unsigned version = 0;

	if (line.length <= strlen(MAGIC) || memcmp(line.text, MAGIC, strlen(MAGIC)) != 0)
		return -EBADMSG;
	line.text += strlen(MAGIC);
	line.length -= strlen(MAGIC);
	if (span_unsigned(line, 10, UINT32_MAX, &version) < 0)
		return -EBADMSG;
	return version == FACTS_FORMAT_VERSION ? 0 : -EPROTONOSUPPORT;
}

static int read_line(struct facts *facts, struct span line, unsigned number)
{
	struct span word;

	if (number == 1)
		return read_magic(line);
	if (number == 2)
		return read_words(facts, line, RECORD_HEADER);
	if (!span_next(&line, ' ', &word))
		return 0;
	if (span_is(word, "root"))
		return read_root(facts, line);
	if (span_is(word, "need"))
		return read_need(facts, line);
	return 0;
}

int facts_parse(
	const char *text, size_t length, struct facts *ret_facts, unsigned *ret_line)
{
	struct span rest = {text, length}, line;
	struct facts facts = {0};
	unsigned number = 0;
	int r = 0;

	if (length > FACTS_BYTES_MAX)
		r = -EFBIG;
	/* Cut off inside its last line. */
	else if (length == 0 || text[length - 1] != '\n')
		r = -EBADMSG;
	while (r == 0 && span_next(&rest, '\n', &line)) {
		number++;
		r = read_line(&facts, line, number);
	}
	if (r == 0 && number < 2)
		r = -EBADMSG;
	if (r < 0) {
		facts_clear(&facts);
		*ret_line = number;
		return r;
	}
	*ret_facts = facts;
	return 0;
}
