/* SPDX-License-Identifier: Apache-2.0 */
/* test_topology.c - places of devices on constructed machines, refusals, and binding on the real one. */
#include "system/accelerators.h"
#include "system/topology.h"

#include <hwloc.h>
#include <sched.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

static struct wm_topology *open_fixture(const char *name) {
	struct wm_topology *topo = NULL;
	char path[128];

	snprintf(path, sizeof(path), "tests/topologies/%s.xml", name);
	if (wm_topology_open(path, &topo) != WM_OK)
		fail_msg("%s", wm_why());
	assert_false(wm_topology_is_real(topo));
	return topo;
}

static struct wm_device host_of(const struct wm_topology *topo, const char *id) {
	struct wm_device dev;

	if (wm_topology_host(topo, id, &dev) != WM_OK)
		fail_msg("%s", wm_why());
	assert_string_equal(dev.id, id);
	assert_string_equal(dev.backend, "host");
	return dev;
}

/* Refused as the user's mistake, in words that hold this. */
static void assert_refused(const struct wm_topology *topo, const char *id, const char *words) {
	struct wm_device dev;

	assert_int_equal(wm_topology_host(topo, id, &dev), WM_INPUT);
	if (!strstr(wm_why(), words))
		fail_msg("'%s' does not say '%s'", wm_why(), words);
}

/* Hardware threads: one PU a core, numbered as the system does. */
static void test_h100_host(void **state) {
	struct wm_topology *topo = open_fixture("h100x8");
	struct wm_device dev = host_of(topo, "host");

	(void)state;
	assert_string_equal(dev.cpuset, "0-111");
	assert_string_equal(dev.nodeset, "0-1");
	assert_int_equal(dev.threads, 112);
	assert_int_equal(dev.units, 112);
	assert_int_equal(dev.cache_bytes, 2 * (56 * 2 + 105) * MIB);
	assert_int_equal(dev.mem_bytes, 2048 * GIB);
	assert_int_equal(dev.free_bytes, 2048 * GIB);
	assert_string_equal(dev.name, "Intel(R) Xeon(R) Platinum 8480C");
	assert_string_equal(dev.arch, "x86-64");
	wm_topology_close(topo);
}

/* Eight GPUs, in PCI order, near the cores of their own package; no console and no switch among them. */
static void test_h100_gpus(void **state) {
	static const char *const pci[8] = {"0000:1b:00.0", "0000:43:00.0", "0000:52:00.0", "0000:61:00.0",
	                                   "0000:9d:00.0", "0000:c3:00.0", "0000:d1:00.0", "0000:df:00.0"};
	struct wm_topology *topo = open_fixture("h100x8");
	struct wm_device devs[16];
	char id[24];
	int n;

	(void)state;
	assert_int_equal(wm_topology_accelerators(topo, devs, 16, &n), WM_OK);
	assert_int_equal(n, 8);
	for (int i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "cuda:%d", i);
		assert_string_equal(devs[i].id, id);
		assert_string_equal(devs[i].backend, "cuda");
		assert_int_equal(devs[i].ordinal, i);
		assert_string_equal(devs[i].pci, pci[i]);
		assert_string_equal(devs[i].cpuset, i < 4 ? "0-55" : "56-111");
		assert_string_equal(devs[i].nodeset, i < 4 ? "0" : "1");
		assert_string_equal(devs[i].name, "NVIDIA H100 SXM5 80GB");
		assert_int_equal(2 * devs[i].cache_bytes, 100 * MIB);
		assert_int_equal(devs[i].mem_bytes, 80000000000);
		assert_int_equal(devs[i].threads, 0);
	}
	assert_int_equal(wm_topology_accelerators(topo, devs, 3, &n), WM_OK);
	assert_int_equal(n, 3);
	wm_topology_close(topo);
}

static void test_mi300x(void **state) {
	struct wm_topology *topo = open_fixture("mi300x8");
	struct wm_device devs[16], dev;
	char id[24], cores[32], node[16];
	int n;

	(void)state;
	assert_int_equal(wm_topology_accelerators(topo, devs, 16, &n), WM_OK);
	assert_int_equal(n, 8);
	for (int i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "hip:%d", i);
		snprintf(cores, sizeof(cores), "%d-%d", 24 * i, 24 * i + 23);
		snprintf(node, sizeof(node), "%d", i);
		assert_string_equal(devs[i].id, id);
		assert_string_equal(devs[i].cpuset, cores);
		assert_string_equal(devs[i].nodeset, node);
		assert_int_equal(2 * devs[i].cache_bytes, 576 * MIB);
		assert_int_equal(devs[i].mem_bytes, 192000000000);
	}
	dev = host_of(topo, "host");
	assert_int_equal(dev.threads, 192);
	assert_string_equal(dev.nodeset, "0-7");
	assert_int_equal(dev.cache_bytes, (192 + 24 * 32) * MIB);
	dev = host_of(topo, "host:numa=5");
	assert_string_equal(dev.cpuset, "120-143");
	assert_string_equal(dev.nodeset, "5");
	assert_int_equal(dev.cache_bytes, (24 + 3 * 32) * MIB);
	assert_int_equal(dev.mem_bytes, 288 * GIB);
	dev = host_of(topo, "host:package=1");
	assert_string_equal(dev.cpuset, "96-191");
	assert_string_equal(dev.nodeset, "4-7");
	assert_int_equal(dev.mem_bytes, 4 * 288 * GIB);
	wm_topology_close(topo);
}

/* The rotations of method 1 (twice the caches): Altra Q80 224 MB a package, AmpereOne 896 MB. */
static void test_arm(void **state) {
	struct wm_topology *topo = open_fixture("altra");
	struct wm_device dev = host_of(topo, "host:package=0"), devs[1];
	int n = -1;

	(void)state;
	assert_int_equal(2 * dev.cache_bytes, 224 * MIB);
	assert_string_equal(dev.cpuset, "0-79");
	assert_string_equal(dev.name, "Arm implementer 0x41 part 0xd0c");
	assert_string_equal(dev.arch, "aarch64");
	assert_int_equal(2 * host_of(topo, "host").cache_bytes, 448 * MIB);
	assert_int_equal(wm_topology_accelerators(topo, devs, 1, &n), WM_OK);
	assert_int_equal(n, 0);
	wm_topology_close(topo);

	topo = open_fixture("ampereone");
	dev = host_of(topo, "host");
	assert_int_equal(2 * dev.cache_bytes, 896 * MIB);
	assert_string_equal(dev.cpuset, "0-191");
	assert_int_equal(dev.mem_bytes, 512 * GIB);
	wm_topology_close(topo);
}

/* A part uses what its cores use: their own L2 and the whole of a shared cache. */
static void test_cpus(void **state) {
	struct wm_topology *topo = open_fixture("altra");
	struct wm_device dev = host_of(topo, "host:cpus=8,0-3");

	(void)state;
	assert_string_equal(dev.cpuset, "0-3,8");
	assert_int_equal(dev.threads, 5);
	assert_string_equal(dev.nodeset, "0");
	assert_int_equal(dev.cache_bytes, (5 + 32) * MIB);
	assert_int_equal(dev.mem_bytes, 256 * GIB);
	dev = host_of(topo, "host:cpus=79,80");
	assert_string_equal(dev.nodeset, "0-1");
	assert_int_equal(dev.cache_bytes, (2 + 64) * MIB);
	wm_topology_close(topo);
}

static void test_refusals(void **state) {
	static const char *const malformed[] = {
		"", "0-", "-3", "3-1", "0,", ",0", "0 1", "0x3", "a", "0-3x", "1--2", "99999999999999999999", "65536"};
	struct wm_topology *topo = open_fixture("h100x8");
	char id[64];

	(void)state;
	assert_refused(topo, "host:package=2", "there is 0-1");
	assert_refused(topo, "host:package=one", "there is 0-1");
	assert_refused(topo, "host:numa=7", "there is 0-1");
	assert_refused(topo, "host:numa=-1", "there is 0-1");
	assert_refused(topo, "host:numa=99999999999999999999", "there is 0-1");
	assert_refused(topo, "host:cpus=0,224-230",
	               "CPUs 224-230 do not exist or are not allowed; this process may use 0-223");
	assert_refused(topo, "host:cpus=0,112", "host:cpus=0");
	assert_refused(topo, "host:core=0", "host:package=N, host:numa=N, host:cores=N or host:cpus=LIST");
	assert_refused(topo, "hosts", "host:package=N, host:numa=N, host:cores=N or host:cpus=LIST");
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		snprintf(id, sizeof(id), "host:cpus=%s", malformed[i]);
		assert_refused(topo, id, "is not a list of CPUs like 0-3,8; this process may use 0-223");
	}
	wm_topology_close(topo);
}

/* Devices that hang on the host: by PCI address, without one, and with the host's own silicon. */
static void test_near(void **state) {
	struct wm_topology *topo = open_fixture("h100x8");
	struct wm_device dev = {.id = "opencl:0", .pci = "0000:9d:00.0"};

	(void)state;
	assert_int_equal(wm_topology_near(topo, &dev), WM_OK);
	assert_string_equal(dev.cpuset, "56-111");
	assert_string_equal(dev.nodeset, "1");
	assert_int_equal(dev.threads, 0);
	strcpy(dev.pci, "0000:ee:00.0");
	assert_int_equal(wm_topology_near(topo, &dev), WM_OK);
	assert_string_equal(dev.cpuset, "0-111");
	assert_string_equal(dev.nodeset, "0-1");
	dev.pci[0] = '\0';
	dev.on_host = true;
	strcpy(dev.arch, "OpenCL C 1.2");
	assert_int_equal(wm_topology_near(topo, &dev), WM_OK);
	assert_int_equal(dev.threads, 112);
	assert_int_equal(dev.units, 112);
	assert_string_equal(dev.name, "Intel(R) Xeon(R) Platinum 8480C");
	assert_int_equal(dev.cache_bytes, host_of(topo, "host").cache_bytes);
	assert_int_equal(dev.mem_bytes, 2048 * GIB);
	assert_string_equal(dev.arch, "OpenCL C 1.2");
	wm_topology_close(topo);
}

/* ---- hardware threads of a core numbered next to each other ---- */

/* A machine in hwloc's words, through a file as every other that is not at hand. */
static struct wm_topology *open_synthetic(const char *description) {
	char path[] = "/tmp/wattmark-topology-XXXXXX";
	struct wm_topology *topo = NULL;
	hwloc_topology_t t;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(hwloc_topology_init(&t), 0);
	assert_int_equal(hwloc_topology_set_synthetic(t, description), 0);
	assert_int_equal(hwloc_topology_load(t), 0);
	assert_int_equal(hwloc_topology_export_xml(t, path, 0), 0);
	hwloc_topology_destroy(t);
	if (wm_topology_open(path, &topo) != WM_OK)
		fail_msg("%s", wm_why());
	unlink(path);
	return topo;
}

/* No two PUs stand in one range: "0,2,4,..", from and to included. */
static void put_every_other(int from, int to, char *out, size_t room) {
	size_t used = 0;

	for (int pu = from; pu <= to; pu += 2)
		used += (size_t)snprintf(out + used, room - used, "%s%d", pu > from ? "," : "", pu);
	assert_true(used < room);
}

static void test_neighbours(void **state) {
	struct wm_topology *topo = open_synthetic("pack:2 [numa] l3:12 core:8 l2:1 pu:2");
	struct wm_device dev = host_of(topo, "host");
	char all[8192];

	(void)state;
	put_every_other(0, 382, all, sizeof(all));
	assert_string_equal(dev.cpuset, all);
	assert_int_equal(dev.threads, 192);
	assert_int_equal(wm_cpuset_count(dev.cpuset), 192);
	put_every_other(192, 382, all, sizeof(all));
	dev = host_of(topo, "host:package=1");
	assert_string_equal(dev.cpuset, all);
	assert_int_equal(dev.threads, 96);
	dev = (struct wm_device){.id = "opencl:0", .on_host = true};
	assert_int_equal(wm_topology_near(topo, &dev), WM_OK);
	assert_int_equal(wm_cpuset_count(dev.cpuset), 192);
	assert_refused(topo, "host:cpus=0-3", "a core gets one thread: host:cpus=0,2");
	/* what is too long for a message says that it goes on and how far */
	assert_refused(topo, "host:cpus=0-383", "host:cpus=0,2,4,");
	assert_non_null(strstr(wm_why(), ",.. (192 in all)"));
	wm_topology_close(topo);
}

/* 4096 such cores have a list that no device can keep: exact figures, and nothing that is cut. */
static void test_too_long(void **state) {
	struct wm_topology *topo = open_synthetic("pack:2 [numa] core:2048 pu:2");
	struct wm_device dev = {.id = "opencl:0", .on_host = true};
	static char all[65536];
	char why[128];

	(void)state;
	put_every_other(0, 8190, all, sizeof(all));
	snprintf(why, sizeof(why), "the list of the cores of opencl:0 has %zu characters, at most 8191 can be kept",
	         strlen(all));
	assert_int_equal(wm_topology_near(topo, &dev), WM_FAILED);
	assert_string_equal(wm_why(), why);
	assert_string_equal(dev.cpuset, "");
	assert_int_equal(wm_topology_host(topo, "host", &dev), WM_FAILED);
	assert_int_equal(host_of(topo, "host:cpus=0,2").threads, 2);
	wm_topology_close(topo);
}

/* ---- published facts ---- */

static void put_line(const char *folder, const char *file, const char *line) {
	char path[192];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(line, f);
	fclose(f);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk) {
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

/* The caches of what sits at a PCI address, where its ids are known. */
static void test_caches_by_pci_id(void **state) {
	static const char *const folders[] = {"/sys", "/sys/bus", "/sys/bus/pci", "/sys/bus/pci/devices",
	                                      "/sys/bus/pci/devices/0000:41:00.0"};
	char root[] = "/tmp/wattmark-root-XXXXXX", path[128];

	(void)state;
	assert_non_null(mkdtemp(root));
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", root, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	put_line(path, "vendor", "0x1002\n");
	put_line(path, "device", "0x74a1\n");
	assert_int_equal(2 * wm_accelerator_cache_bytes(root, "0000:41:00.0"), 576 * MIB);
	put_line(path, "device", "0xffff\n");
	assert_int_equal(wm_accelerator_cache_bytes(root, "0000:41:00.0"), 0);
	assert_int_equal(wm_accelerator_cache_bytes(root, "0000:42:00.0"), 0);
	assert_int_equal(wm_accelerator_cache_bytes(root, ""), 0);
	assert_int_equal(nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* ---- files that are no topology ---- */

static void refuse_text(const char *text, size_t bytes) {
	char path[] = "/tmp/wattmark-topology-XXXXXX";
	struct wm_topology *topo = NULL;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, bytes), (ssize_t)bytes);
	close(fd);
	assert_int_equal(wm_topology_open(path, &topo), WM_INPUT);
	assert_null(topo);
	assert_non_null(strstr(wm_why(), path));
	unlink(path);
}

/* hwloc would describe this machine instead, and say nothing. */
static void test_bad_xml(void **state) {
	static char text[16384];
	struct wm_topology *topo = NULL;
	FILE *f = fopen("tests/topologies/altra.xml", "r");
	size_t n = fread(text, 1, sizeof(text), f);

	(void)state;
	fclose(f);
	assert_int_equal(wm_topology_open("tests/topologies/no-such-file.xml", &topo), WM_INPUT);
	assert_null(topo);
	assert_int_equal(wm_topology_open("tests/topologies", &topo), WM_INPUT);
	assert_null(topo);
	refuse_text("", 0);
	refuse_text("pack:2 core:4", 13);
	refuse_text("<?xml version=\"1.0\"?><html/>", 28);
	refuse_text(text, n);
	setenv("HWLOC_XMLFILE", "tests/topologies/altra.xml", 1);
	assert_int_equal(wm_topology_open(NULL, &topo), WM_FAILED);
	assert_null(topo);
	assert_non_null(strstr(wm_why(), "HWLOC_XMLFILE"));
	unsetenv("HWLOC_XMLFILE");
}

static void test_fixture_cannot_bind(void **state) {
	struct wm_topology *topo = open_fixture("altra");

	(void)state;
	assert_int_equal(wm_bind_process(topo, "0", ""), WM_FAILED);
	assert_int_equal(wm_bind_thread(topo, "0", 0), WM_FAILED);
	wm_topology_close(topo);
}

/* ---- this machine ---- */

/* The one PU that the calling thread may run on, or -1. */
static int only_pu(void) {
	cpu_set_t set;
	int pu = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	if (CPU_COUNT(&set) != 1)
		return -1;
	while (!CPU_ISSET(pu, &set))
		pu++;
	return pu;
}

static void test_binding_is_real(void **state) {
	struct wm_topology *topo, *bound;
	struct wm_device all, one;
	cpu_set_t before;
	char first[16], other[64];

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(wm_topology_open(NULL, &topo), WM_OK);
	assert_true(wm_topology_is_real(topo));
	all = host_of(topo, "host");
	assert_int_equal(all.threads, wm_cpuset_count(all.cpuset));
	assert_true(all.threads >= 1);
	assert_true(all.mem_bytes > 0 && all.free_bytes > 0 && all.free_bytes <= all.mem_bytes);
	for (int i = 0; i < all.threads; i++) {
		assert_int_equal(wm_bind_thread(topo, all.cpuset, i), WM_OK);
		assert_true(only_pu() >= 0);
	}
	assert_int_equal(wm_bind_thread(topo, all.cpuset, all.threads), WM_FAILED);

	/* Bound to the first PU, a second look at the machine finds that PU alone. */
	snprintf(first, sizeof(first), "%d", atoi(all.cpuset));
	assert_int_equal(wm_bind_process(topo, first, all.nodeset), WM_OK);
	assert_int_equal(only_pu(), atoi(first));
	assert_int_equal(wm_topology_open(NULL, &bound), WM_OK);
	one = host_of(bound, "host");
	assert_string_equal(one.cpuset, first);
	assert_int_equal(one.threads, 1);
	if (all.threads > 1) {
		assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
		assert_int_equal(wm_bind_thread(topo, all.cpuset, 1), WM_OK);
		snprintf(other, sizeof(other), "host:cpus=%d", only_pu());
		assert_refused(bound, other, "do not exist or are not allowed");
	}
	wm_topology_close(bound);
	wm_topology_close(topo);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
}

/* Kernels take a preference for several nodes as one for the first: memory stays where it is written then. */
static void test_several_nodes_stay_unbound(void **state) {
	enum { POLICY_DEFAULT = 0 };
	struct wm_topology *topo;
	struct wm_device all;
	int policy = -1;

	(void)state;
	assert_int_equal(wm_topology_open(NULL, &topo), WM_OK);
	all = host_of(topo, "host");
	assert_int_equal(wm_bind_process(topo, all.cpuset, "0-1"), WM_OK);
	wm_topology_close(topo);
	if (syscall(SYS_get_mempolicy, &policy, NULL, 0L, NULL, 0L) != 0)
		skip();
	assert_int_equal(policy, POLICY_DEFAULT);
}

/* What is written reads back as the same machine. */
static void test_write(void **state) {
	char path[] = "/tmp/wattmark-topology-XXXXXX";
	struct wm_topology *topo = open_fixture("mi300x8"), *copy;
	struct wm_device devs[8];
	int n, fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(wm_topology_write(topo, path), WM_OK);
	assert_int_equal(wm_topology_open(path, &copy), WM_OK);
	assert_int_equal(host_of(copy, "host").cache_bytes, host_of(topo, "host").cache_bytes);
	assert_int_equal(wm_topology_accelerators(copy, devs, 8, &n), WM_OK);
	assert_int_equal(n, 8);
	assert_int_equal(wm_topology_write(topo, "/no/such/folder/x.xml"), WM_FAILED);
	wm_topology_close(copy);
	wm_topology_close(topo);
	unlink(path);
}

static void test_count(void **state) {
	(void)state;
	assert_int_equal(wm_cpuset_count("0"), 1);
	assert_int_equal(wm_cpuset_count("0-3,8,10-11"), 7);
	assert_int_equal(wm_cpuset_count(""), 0);
	assert_int_equal(wm_cpuset_count("0-"), 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_h100_host),
		cmocka_unit_test(test_h100_gpus),
		cmocka_unit_test(test_mi300x),
		cmocka_unit_test(test_arm),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_caches_by_pci_id),
		cmocka_unit_test(test_bad_xml),
		cmocka_unit_test(test_fixture_cannot_bind),
		cmocka_unit_test(test_binding_is_real),
		cmocka_unit_test(test_several_nodes_stay_unbound),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
