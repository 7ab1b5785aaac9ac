/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scrub.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAND_IN_MAX 40

void scrub_begin(struct scrub *scrub, const char *host)
{
	*scrub = (struct scrub){0};
	snprintf(scrub->host, sizeof(scrub->host), "%.*s", (int)strcspn(host, ".\n"),
		host);
}

void scrub_end(struct scrub *scrub)
{
	for (unsigned i = 0; i < scrub->count; i++)
		free(scrub->known[i].text);
	scrub->count = 0;
}

/* From 1; 0 where there is no more room, which all that follow then share. */
static unsigned number_of(struct scrub *scrub, enum scrub_kind kind, const char *text)
{
	unsigned number = 1;

	for (unsigned i = 0; i < scrub->count; i++) {
		if (scrub->known[i].kind != kind)
			continue;
		if (strcasecmp(scrub->known[i].text, text) == 0)
			return number;
		number++;
	}
	if (scrub->count == SCRUB_KNOWN_MAX)
		return 0;
	scrub->known[scrub->count].text = strdup(text);
	if (!scrub->known[scrub->count].text)
		return 0;
	scrub->known[scrub->count++].kind = kind;
	return number;
}

void scrub_stand_in(struct scrub *scrub, enum scrub_kind kind, const char *text,
	char *out, size_t size)
{
	static const char *const formats[] = {
		[SCRUB_UUID] = "00000000-0000-0000-0000-%012u",
		[SCRUB_VOLUME] = "0000-%04u",
		[SCRUB_MAC] = "%012u",
		[SCRUB_NAME] = "name%u",
		[SCRUB_FOLDER] = "/removed/%u",
		[SCRUB_SERIAL] = "00-00-00-00-00-00-00-%02u",
	};
	unsigned number = number_of(scrub, kind, text);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(out, size, formats[kind], number);
#pragma GCC diagnostic pop
}

/* How much of TEXT has the form: 'h' is a hexadecimal digit, the rest stands for itself.
 */
static size_t matches(const char *text, const char *form)
{
	size_t i = 0;

	for (; form[i]; i++)
		if (form[i] == 'h' ? !isxdigit((unsigned char)text[i])
				   : text[i] != form[i])
			return 0;
	return i;
}

struct form {
	const char *form;
	enum scrub_kind kind;
	bool inside; /* may stand right behind letters, as in enx001122334455 */
};

static const struct form forms[] = {
	{"hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh", SCRUB_UUID, false},
	{"hhhhhhhh\\x2dhhhh\\x2dhhhh\\x2dhhhh\\x2dhhhhhhhhhhhh", SCRUB_UUID, false},
	{"hh-hh-hh-hh-hh-hh-hh-hh", SCRUB_SERIAL, false},
	{"hh:hh:hh:hh:hh:hh:hh:hh", SCRUB_MAC, false},
	{"hh:hh:hh:hh:hh:hh", SCRUB_MAC, false},
	{"hh-hh-hh-hh-hh-hh", SCRUB_MAC, false},
	{"hhhhhhhhhhhhhhhh", SCRUB_MAC, true},
	{"hhhhhhhhhhhh", SCRUB_MAC, true},
	{"hhhh-hhhh", SCRUB_VOLUME, false},
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Behind letters a run of digits is an address only where they name an interface. */
static bool may_begin(const char *text, const char *at, const struct form *form)
{
	if (at == text || !is_word(at[-1]))
		return true;
	return form->inside && at - text >= 3 && strchr("xX", at[-1]) != NULL &&
	       (at - text == 3 || !is_word(at[-4]));
}

static const struct form *find_form(const char *text, const char *at, size_t *ret_length)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t length = matches(at, forms[i].form);

		if (length == 0 || is_word(at[length]) || !may_begin(text, at, &forms[i]))
			continue;
		*ret_length = length;
		return &forms[i];
	}
	return NULL;
}

static bool is_host(const struct scrub *scrub, const char *text, const char *at)
{
	size_t length = strlen(scrub->host);

	return length > 0 && strncasecmp(at, scrub->host, length) == 0 &&
	       !is_word(at[length]) && (at == text || !is_word(at[-1]));
}

void scrub_text(
	struct scrub *scrub, const char *text, bool free_text, char *out, size_t size)
{
	size_t used = 0;

	for (const char *at = text; *at && used + STAND_IN_MAX < size;) {
		char found[64], stand_in[STAND_IN_MAX];
		size_t length;
		const struct form *form = find_form(text, at, &length);

		if (form) {
			snprintf(found, sizeof(found), "%.*s", (int)length, at);
			scrub_stand_in(
				scrub, form->kind, found, stand_in, sizeof(stand_in));
		} else if (free_text && is_host(scrub, text, at)) {
			length = strlen(scrub->host);
			snprintf(stand_in, sizeof(stand_in), "host");
		} else {
			out[used++] = *at++;
			continue;
		}
		used += (size_t)snprintf(out + used, size - used, "%s", stand_in);
		at += length;
	}
	out[used] = '\0';
}

/* sda1, nvme0n1p2, vda, md127, dm-3, mmcblk0p1, loop0, sr0, zram0 */
static bool is_kernel_name(const char *name)
{
	static const char *const begins[] = {
		"sd", "nvme", "vd", "xvd", "md", "dm-", "mmcblk", "loop", "sr", "zram"};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		size_t length = strlen(begins[i]);

		if (strncmp(name, begins[i], length) == 0 && name[length] &&
			strlen(name) <= 16 &&
			!strpbrk(name, "/-_.") == !strchr(begins[i], '-'))
			return true;
	}
	return false;
}

void scrub_device(struct scrub *scrub, const char *path, char *out, size_t size)
{
	static const char dev[] = "/dev/", mapper[] = "/dev/mapper/";
	char stand_in[STAND_IN_MAX];

	if (strncmp(path, mapper, strlen(mapper)) == 0) {
		scrub_stand_in(scrub, SCRUB_NAME, path + strlen(mapper), stand_in,
			sizeof(stand_in));
		snprintf(out, size, "%s%s", mapper, stand_in);
	} else if (strncmp(path, dev, strlen(dev)) == 0 &&
		   is_kernel_name(path + strlen(dev))) {
		snprintf(out, size, "%s", path);
	} else {
		scrub_stand_in(scrub, SCRUB_FOLDER, path, out, size);
	}
}

void scrub_folder(struct scrub *scrub, const char *path, char *out, size_t size)
{
	static const char *const common[] = {"/", "/boot", "/boot/efi", "/boot/grub",
		"/efi", "/etc", "/gnu/store", "/home", "/nix", "/nix/store", "/opt",
		"/root", "/srv", "/tmp", "/usr", "/usr/local", "/var", "/var/cache",
		"/var/lib", "/var/log", "/var/tmp"};

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (strcmp(path, common[i]) == 0) {
			snprintf(out, size, "%s", path);
			return;
		}
	scrub_stand_in(scrub, SCRUB_FOLDER, path, out, size);
}
