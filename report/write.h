/* SPDX-License-Identifier: Apache-2.0 */
/* A run's report, into a folder: report.md, report.html, report.json,
 * junit.xml, report.sarif. */
#ifndef REPORT_WRITE_H
#define REPORT_WRITE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/error.h"
#include "experiment/run.h"

/* Writes the formats of run.asked.report (all of them, if that names none)
 * into the folder, which is made if need be. Compares with run.previous, or
 * with what report.json there was before. Every file appears whole, or the old
 * one stays. The run must have been judged. False, with the file and why in
 * err: what was written until then stays. */
bool report_write(const struct run *run, const char *dir,
		  struct error *err) WARN_UNUSED;
/* Writes one file for readers, in the format that the end of its name says:
 * .md, .html or .json. Compares with run.previous alone. False, with why in
 * err. */
bool report_write_file(const struct run *run, const char *path,
		       struct error *err) WARN_UNUSED;

#endif
