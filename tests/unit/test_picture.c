/* SPDX-License-Identifier: Apache-2.0 */
/* test_picture.c - who is linked to whom, one silicon under two ids, and programs that draw. */
#include "system/draw.h"
#include "system/links.h"
#include "system/picture.h"
#include "system/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROOT "tests/roots/xgmi"

static struct wm_topology *open_topology(const char *path) {
	struct wm_topology *topo = NULL;

	if (wm_topology_open(path, &topo) != WM_OK)
		fail_msg("%s", wm_why());
	return topo;
}

static void assert_says(const char *text, const char *words) {
	if (!strstr(text, words))
		fail_msg("'%s' does not say '%s'", text, words);
}

static void assert_silent(const char *text, const char *words) {
	if (strstr(text, words))
		fail_msg("'%s' says '%s'", text, words);
}

/* ---- links ---- */

/* hwloc's matrix, joined by address: the order asked for is not that of the file. */
static void test_matrix(void **state) {
	static const char pci[][WM_PCI_CHARS] = {"0000:43:00.0", "0000:18:00.0", "0000:1a:00.0"};
	struct wm_topology *topo = open_topology("tests/topologies/h100x4.xml");
	static struct wm_links links;

	(void)state;
	assert_int_equal(wm_links_read(topo, "", pci, 3, &links), WM_OK);
	assert_true(links.bytes_per_s[0][1] == 150e9 && links.bytes_per_s[1][0] == 150e9);
	assert_true(links.bytes_per_s[0][0] == 0);
	assert_true(links.bytes_per_s[0][2] == 0 && links.bytes_per_s[2][1] == 0); /* a network device is in no matrix */
	assert_string_equal(links.source, "hwloc: NVLinkBandwidth");
	assert_int_equal(wm_links_read(topo, "", pci, 1, &links), WM_SKIP); /* one alone has no links */
	wm_topology_close(topo);
}

/* amdkfd: links to the host and between partitions of one device are none, hops without a speed stay hops, and the
 * number of a partition is no part of the address. */
static void test_kfd(void **state) {
	static const char pci[][WM_PCI_CHARS] = {"0000:46:02.0", "0000:05:00.0", "0000:26:00.0"};
	struct wm_topology *topo = open_topology(NULL);
	static struct wm_links links;

	(void)state;
	assert_int_equal(wm_links_read(topo, ROOT, pci, 3, &links), WM_OK);
	assert_true(links.bytes_per_s[1][2] == 64e9 && links.bytes_per_s[2][1] == 64e9);
	assert_true(links.bytes_per_s[2][0] == 64e9 && links.bytes_per_s[0][2] == 64e9);
	assert_true(links.bytes_per_s[1][0] == 0);
	assert_int_equal(links.hops[1][0], 2);
	assert_int_equal(links.hops[1][2], 1);
	assert_int_equal(links.hops[0][0], 0);
	assert_says(links.source, "amdkfd");
	assert_int_equal(wm_links_read(topo, "tests/roots/bare", pci, 3, &links), WM_SKIP);
	assert_says(wm_why(), "/sys/class/kfd");
	wm_topology_close(topo);
}

/* 128 of 130 bits at 32 GT/s, 8 of 10 at 2.5; what the device could do is said where its link is less. */
static void test_pci_link(void **state) {
	char text[128];

	(void)state;
	assert_true(wm_links_pci(ROOT, "0000:05:00.0", text, sizeof(text)));
	assert_string_equal(text, "63.0 GB/s (32.0 GT/s x16)");
	assert_true(wm_links_pci(ROOT, "0000:26:00.0", text, sizeof(text)));
	assert_string_equal(text, "2.0 GB/s (2.5 GT/s x8) now, the device itself can do 63.0 GB/s (32.0 GT/s x16)");
	assert_false(wm_links_pci(ROOT, "0000:46:02.0", text, sizeof(text)));
	assert_string_equal(text, "the kernel does not know it");
	assert_false(wm_links_pci(ROOT, "0000:99:00.0", text, sizeof(text)));
	assert_says(text, "No such file");
}

/* ---- the text ---- */

/* What one of the three functions prints; freed by the caller. */
static char *printed(const struct wm_topology *topo, const char *root, const struct wm_device *devs, int n,
                     bool links) {
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	if (links)
		wm_picture_links(f, topo, root, devs, n);
	else
		wm_picture_devices(f, topo, root, devs, n);
	fclose(f);
	return text;
}

/* A machine of which hwloc knows PUs alone: what is not told is unknown, not 0. Every second PU of many is cut. */
static void test_bare_machine(void **state) {
	static struct wm_device host = {.id = "host", .on_host = true, .nodeset = "0"};
	char path[] = "/tmp/test_picture.XXXXXX", *text = NULL;
	int fd = mkstemp(path);
	struct wm_topology *topo;
	size_t size = 0, used = 0;
	FILE *f;

	(void)state;
	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	assert_non_null(f);
	fprintf(f,
	        "<topology version=\"2.0\"><object type=\"Machine\" os_index=\"0\" cpuset=\"0x3\" complete_cpuset=\"0x3\" "
	        "allowed_cpuset=\"0x3\" nodeset=\"0x1\" complete_nodeset=\"0x1\" allowed_nodeset=\"0x1\" gp_index=\"1\">"
	        "<object type=\"NUMANode\" os_index=\"0\" cpuset=\"0x3\" complete_cpuset=\"0x3\" nodeset=\"0x1\" "
	        "complete_nodeset=\"0x1\" gp_index=\"2\" local_memory=\"1000000000\"/>");
	for (int pu = 0; pu < 2; pu++)
		fprintf(f,
		        "<object type=\"PU\" os_index=\"%d\" cpuset=\"0x%d\" complete_cpuset=\"0x%d\" nodeset=\"0x1\" "
		        "complete_nodeset=\"0x1\" gp_index=\"%d\"/>",
		        pu, 1 << pu, 1 << pu, pu + 3);
	fprintf(f, "</object></topology>\n");
	fclose(f);
	topo = open_topology(path);
	remove(path);
	for (int pu = 0; pu < 200; pu += 2)
		used += (size_t)snprintf(host.cpuset + used, sizeof(host.cpuset) - used, "%s%d", pu ? "," : "", pu);
	f = open_memstream(&text, &size);
	wm_picture_machine(f, topo);
	wm_picture_devices(f, topo, "", &host, 1);
	fclose(f);
	assert_says(text, "  packages unknown, cores unknown, 2 PUs, 1 NUMA node with 1.0 GB\n");
	assert_says(text, "  usable here cores unknown, 2 PUs: 0-1\n");
	assert_says(text, "  package ?   cores unknown, PUs 0-1\n");
	assert_says(text, "  host        (no name)\n");
	assert_says(text, "PUs 0,2,4,6,");
	assert_says(text, ".. (100 in all), NUMA 0\n");
	free(text);
	wm_topology_close(topo);
}

/* Two backends that show one address are one device; the order of either's numbers is nothing to go by. */
static void test_one_silicon(void **state) {
	static struct wm_device devs[] = {
		{.id = "host", .name = "CPU", .on_host = true, .cpuset = "0-15", .nodeset = "0"},
		{.id = "opencl:0", .name = "CPU too", .on_host = true},
		{.id = "opencl:1", .name = "GPU", .pci = "0000:43:00.0"},
		{.id = "opencl:2", .name = "GPU", .pci = "0000:42:00.0"},
		{.id = "opencl:3", .name = "no address"},
		{.id = "cuda:0", .name = "GPU", .pci = "0000:42:00.0"},
		{.id = "cuda:1", .name = "GPU", .pci = "0000:43:00.0", .off = "broken"},
		{.id = "cuda:2", .name = "elsewhere", .pci = "0000:77:00.0"},
	};
	enum { N = sizeof(devs) / sizeof(devs[0]) };
	struct wm_topology *topo = open_topology("tests/topologies/h100x4.xml");
	char *text = printed(topo, "", devs, N, false);

	(void)state;
	assert_says(text, "  host, opencl:0 CPU");
	assert_says(text, "  opencl:1, cuda:1 GPU, PCI 0000:43:00.0");
	assert_says(text, "  opencl:2, cuda:0 GPU, PCI 0000:42:00.0");
	assert_says(text, "cuda:1: broken");
	assert_says(text, "  opencl:3    no address\n      place     unknown: its driver tells no PCI address");
	assert_says(text, "unknown: hwloc shows no PCI device 0000:77:00.0");
	/* the two that nobody claims */
	assert_says(text, "  (no id)     NVIDIA H100 SXM5 80GB, PCI 0000:18:00.0");
	assert_says(text, "  (no id)     NVIDIA H100 SXM5 80GB, PCI 0000:19:00.0");
	assert_silent(text, "(no id)     NVIDIA H100 SXM5 80GB, PCI 0000:42");
	free(text);
	text = printed(topo, "", devs, N, true);
	assert_says(text, "             opencl:1  opencl:2    cuda:2\n");
	assert_says(text, "  opencl:1            .     150.0         -\n");
	free(text);
	wm_topology_close(topo);
}

static void test_links_text(void **state) {
	static struct wm_device devs[] = {
		{.id = "hip:0", .pci = "0000:05:00.0"},
		{.id = "hip:1", .pci = "0000:26:00.0"},
		{.id = "hip:2", .pci = "0000:46:02.0"},
	};
	struct wm_topology *topo = open_topology(NULL);
	char *text = printed(topo, ROOT, devs, 3, true);

	(void)state;
	assert_says(text, "  hip:0               .      64.0         -\n");
	assert_says(text, "  hops\n");
	assert_says(text, "  hip:0               .         1         2\n");
	free(text);
	text = printed(topo, "tests/roots/bare", devs, 3, true);
	assert_says(text, "  unknown: ");
	free(text);
	text = printed(topo, ROOT, devs, 1, true); /* one alone: nothing to say */
	assert_string_equal(text, "");
	free(text);
	wm_topology_close(topo);
}

/* ---- programs ---- */

static void test_program(void **state) {
	char *text = NULL;
	size_t bytes = 0;

	(void)state;
	assert_int_equal(wm_program_run((const char *const[]){"cat", NULL}, "a\nb", 30, &text, &bytes), WM_OK);
	assert_string_equal(text, "a\nb");
	assert_int_equal(bytes, 3);
	free(text);
	assert_int_equal(wm_program_run((const char *const[]){"wm-no-such-program", NULL}, NULL, 30, &text, &bytes),
	                 WM_SKIP);
	assert_says(wm_why(), "wm-no-such-program");
	assert_int_equal(wm_program_run((const char *const[]){"ls", "/no/such/file", NULL}, NULL, 30, &text, &bytes),
	                 WM_FAILED);
	assert_says(wm_why(), "/no/such/file");
	assert_int_equal(wm_program_run((const char *const[]){"false", NULL}, NULL, 30, &text, &bytes), WM_FAILED);
	assert_string_equal(wm_why(), "false ended with status 1: it said nothing");
	/* no shell reads the arguments */
	assert_int_equal(wm_program_run((const char *const[]){"echo", "$HOME;`id`", NULL}, NULL, 30, &text, &bytes), WM_OK);
	assert_string_equal(text, "$HOME;`id`\n");
	free(text);
	assert_int_equal(wm_program_run((const char *const[]){"sleep", "10000", NULL}, NULL, 0.05, &text, &bytes),
	                 WM_FAILED);
	assert_says(wm_why(), "was killed");
}

/* More than a pipe holds, both ways. */
static void test_long_text(void **state) {
	enum { LONG = 1 << 20 };
	char *input = malloc(LONG + 1), *text = NULL;
	size_t bytes = 0;

	(void)state;
	assert_non_null(input);
	memset(input, 'x', LONG);
	input[LONG] = '\0';
	assert_int_equal(wm_program_run((const char *const[]){"cat", NULL}, input, 60, &text, &bytes), WM_OK);
	assert_int_equal(bytes, LONG);
	assert_string_equal(text, input);
	free(text);
	free(input);
}

/* The same machine gives the same drawing, byte for byte. */
static void test_drawing(void **state) {
	struct wm_topology *topo = open_topology("tests/topologies/h100x4.xml");
	char *svg = NULL, *again = NULL;
	enum wm_status st = wm_topology_svg(topo, &svg);

	(void)state;
	if (st == WM_SKIP) {
		wm_topology_close(topo);
		skip();
	}
	if (st != WM_OK)
		fail_msg("%s", wm_why());
	assert_says(svg, "</svg>");
	assert_says(svg, "nvml3");
	assert_int_equal(wm_topology_svg(topo, &again), WM_OK);
	assert_string_equal(svg, again);
	free(svg);
	free(again);
	wm_topology_close(topo);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matrix),       cmocka_unit_test(test_kfd),         cmocka_unit_test(test_pci_link),
		cmocka_unit_test(test_bare_machine), cmocka_unit_test(test_one_silicon), cmocka_unit_test(test_links_text),
		cmocka_unit_test(test_program),      cmocka_unit_test(test_long_text),   cmocka_unit_test(test_drawing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
