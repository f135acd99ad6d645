/* SPDX-License-Identifier: Apache-2.0 */
/* draw.c - lstopo draws what hwloc knows: XML in, SVG out. */
#include "draw.h"

#include "program.h"
#include "topology_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_S 30.0

enum wm_status wm_topology_svg(const struct wm_topology *topo, char **svg_p) {
	static const char *const programs[] = {"lstopo-no-graphics", "lstopo"};
	enum wm_status st = WM_SKIP;
	char *xml = NULL, *svg = NULL;
	size_t bytes = 0;
	int length;

	if (hwloc_topology_export_xmlbuffer(topo->t, &xml, &length, 0) < 0)
		return wm_fail(WM_FAILED, "hwloc cannot write the topology: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]) && st == WM_SKIP; i++) {
		const char *argv[] = {programs[i], "--if", "xml", "-i", "-", "--no-legend", "--of", "svg", "-", NULL};

		st = wm_program_run(argv, xml, LIMIT_S, &svg, &bytes);
	}
	hwloc_free_xmlbuffer(topo->t, xml);
	if (st == WM_SKIP)
		return wm_fail(WM_SKIP, "the drawing needs lstopo, which is not installed (Debian: hwloc-nox)");
	if (st != WM_OK)
		return st;
	/* half a drawing would spoil the page that it is put into */
	if (!strstr(svg, "</svg>")) {
		free(svg);
		return wm_fail(WM_FAILED, "lstopo wrote no whole SVG (%zu bytes)", bytes);
	}
	*svg_p = svg;
	return WM_OK;
}
