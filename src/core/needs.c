/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "needs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool same_place(const struct need *need, const struct pci_address *address)
{
	if (!address || !need->on_pci)
		return !address && !need->on_pci;
	return pci_address_compare(&need->address, address) == 0;
}

static bool is_there(const struct needs *needs, enum need_kind kind,
	const struct pci_address *address, const char *words)
{
	for (size_t i = 0; i < needs->count; i++)
		if (needs->items[i].kind == kind &&
			same_place(&needs->items[i], address) &&
			strcmp(needs->items[i].words, words) == 0)
			return true;
	return false;
}

void needs_add(struct needs *needs, enum need_kind kind,
	const struct pci_address *address, const char *format, ...)
{
	char words[NEED_WORDS_MAX];
	struct need *need;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	if (is_there(needs, kind, address, words))
		return;
	if (!needs->items)
		needs->items = calloc(NEEDS_MAX, sizeof(*needs->items));
	if (!needs->items || needs->count == NEEDS_MAX) {
		needs->incomplete = true;
		return;
	}
	need = &needs->items[needs->count++];
	need->kind = kind;
	need->on_pci = address != NULL;
	if (address)
		need->address = *address;
	memcpy(need->words, words, sizeof(words));
}

void needs_set_root(struct needs *needs, enum root_place root, const char *format, ...)
{
	va_list arguments;

	if (needs->root != ROOT_UNKNOWN || (root == ROOT_UNKNOWN && needs->root_words[0]))
		return;
	needs->root = root;
	va_start(arguments, format);
	vsnprintf(needs->root_words, sizeof(needs->root_words), format, arguments);
	va_end(arguments);
}

void needs_add_root_name(
	struct needs *needs, enum device_spec_kind kind, const char *value)
{
	struct device_spec *name = &needs->root_names[needs->root_name_count];

	if (!value[0] || needs->root_name_count == ROOT_NAMES_MAX ||
		strlen(value) >= sizeof(name->value))
		return;
	for (unsigned i = 0; i < needs->root_name_count; i++)
		if (needs->root_names[i].kind == kind &&
			strcmp(needs->root_names[i].value, value) == 0)
			return;
	name->kind = kind;
	memcpy(name->value, value, strlen(value) + 1);
	needs->root_name_count++;
}

const struct need *needs_find(
	const struct needs *needs, enum need_kind kind, const struct pci_address *address)
{
	for (size_t i = 0; i < needs->count; i++)
		if (needs->items[i].kind == kind && same_place(&needs->items[i], address))
			return &needs->items[i];
	return NULL;
}

static int compare_needs(const void *a, const void *b)
{
	const struct need *left = a, *right = b;
	int r;

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	if (left->on_pci != right->on_pci)
		return left->on_pci ? 1 : -1;
	r = pci_address_compare(&left->address, &right->address);
	return r != 0 ? r : strcmp(left->words, right->words);
}

static int compare_names(const void *a, const void *b)
{
	const struct device_spec *left = a, *right = b;

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	return strcmp(left->value, right->value);
}

void needs_sort(struct needs *needs)
{
	if (needs->count > 1)
		qsort(needs->items, needs->count, sizeof(*needs->items), compare_needs);
	if (needs->root_name_count > 1)
		qsort(needs->root_names, needs->root_name_count,
			sizeof(*needs->root_names), compare_names);
}

void needs_clear(struct needs *needs)
{
	free(needs->items);
	*needs = (struct needs){0};
}

const char *need_kind_name(enum need_kind kind)
{
	static const char *const names[NEED_KIND_COUNT] = {[NEED_ROOT] = "root",
		[NEED_DISK] = "disk",
		[NEED_KEYBOARD] = "keyboard",
		[NEED_NETWORK] = "network"};

	return kind < NEED_KIND_COUNT ? names[kind] : NULL;
}

const char *root_place_name(enum root_place place)
{
	static const char *const names[ROOT_PLACE_COUNT] = {[ROOT_UNKNOWN] = "unknown",
		[ROOT_UNSEEN] = "unseen",
		[ROOT_NETWORK] = "network",
		[ROOT_FOUND] = "found"};

	return place < ROOT_PLACE_COUNT ? names[place] : NULL;
}
