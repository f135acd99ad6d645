/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the one place that exits. */
#include "commands.h"

#include "core/registry.h"
#include "run/meters.h"
#include "run/probe.h"
#include "run/sampler.h"
#include "run/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int dispatch(const struct wm_option_values *options) {
	if (!options->command || options->given[WM_OPT_HELP]) {
		wm_options_help(stdout, options->command);
		return WM_EXIT_OK;
	}
	switch (options->command->bit) {
	case WM_CMD_RUN: return wm_cmd_run(options);
	case WM_CMD_LIST: return wm_cmd_list(options);
	case WM_CMD_REPORT: return wm_cmd_report(options);
	case WM_CMD_TOPO: return wm_cmd_topo(options);
	case WM_CMD_EXPLAIN: return wm_cmd_explain(options);
	case WM_CMD_DOCTOR: return wm_cmd_doctor(options);
	case WM_CMD_DOCS: return wm_cmd_docs(options);
	case WM_CMD_METERS: return wm_cmd_meters(options);
	case WM_CMD_WEIGH: return wm_cmd_weigh(options);
	case WM_CMD_VERSION: return wm_cmd_version(options);
	}
	return WM_EXIT_USAGE;
}

/* What was printed has arrived, or the command has not done all that was asked. */
static int finish(int code) {
	errno = 0;
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == WM_EXIT_OK)
		return wm_complain(wm_fail(WM_FAILED, "standard output cannot be written: %s",
		                           errno ? strerror(errno) : "an earlier write failed"));
	return code;
}

/* A caller may have closed them (>&-): the next file to be opened, part of a bundle, would be what messages go to. */
static void fill_standard_files(void) {
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

int main(int argc, char **argv) {
	struct wm_option_values options;
	enum wm_status st = wm_registry_check();
	int code;

	fill_standard_files();
	if (st != WM_OK)
		return wm_complain(st);
	/* the commands that the supervisor gives its children, in no help */
	if (argc == 2 && strcmp(argv[1], "--as-worker") == 0)
		return wm_worker_main();
	if (argc == 3 && strcmp(argv[1], "--as-probe") == 0)
		return wm_probe_main(argv[2]);
	if (argc == 3 && strcmp(argv[1], "--as-meter-probe") == 0)
		return wm_meter_probe_main(argv[2]);
	if (argc == 2 && strcmp(argv[1], "--as-sampler") == 0)
		return wm_sampler_main();
	st = wm_options_parse(argc, argv, &options);
	if (st != WM_OK)
		return wm_complain(st);
	code = finish(dispatch(&options));
	wm_options_free(&options);
	return code;
}
