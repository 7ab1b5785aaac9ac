/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The image facts of the machine below SYSROOT, on stdout. Nothing keeps an image from
 * being built: what could not be found out is said in the facts themselves, and where
 * there is no memory for them nothing is printed, which no boot takes for facts.
 *
 * SOURCE_DATE_EPOCH is that variable's value, or NULL: it stands in for the clock where
 * the same input is to make the same image
 * (reproducible-builds.org/specs/source-date-epoch).
 */
#pragma once

void facts_run(const char *sysroot, const char *source_date_epoch);
