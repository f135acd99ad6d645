/* SPDX-License-Identifier: Apache-2.0 */
/* topology.c - hwloc's picture of the machine, and what a device gets of it: cores, caches, NUMA nodes, memory. */
#include "topology_private.h"

#include "core/problem.h"
#include "core/registry.h"
#include "limits.h"
#include "sysfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* ---- opening ------------------------------------------------------------------------------------------------ */

/* hwloc opens every plug-in that is installed, wanted or not: these bring drivers and whole compilers into this
 * process, and in a binary that hwloc was linked into they belong to another hwloc. PCI devices are found without them.
 * There is no call for it, and what the user has set does not stand. */
static void keep_out_plugins(void) {
	setenv("HWLOC_PLUGINS_PATH", "/dev/null", 1);
}

/* The same of components that were built into hwloc. One that this hwloc does not have cannot be kept out, which is as
 * good. */
static void keep_out_drivers(hwloc_topology_t t) {
	static const char *const components[] = {"opencl", "gl", "cuda", "nvml", "rsmi", "levelzero"};

	for (size_t i = 0; i < sizeof(components) / sizeof(components[0]); i++)
		hwloc_topology_set_components(t, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, components[i]);
}

/* hwloc reads HWLOC_XMLFILE and its like on its own, and goes back to the real machine in silence when the file is
 * bad. A path given here is the only source then, and its failure is ours to report. */
static enum wm_status load(hwloc_topology_t t, const char *path) {
	hwloc_topology_set_io_types_filter(t, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
	if (!path) {
		keep_out_drivers(t);
		if (hwloc_topology_load(t) < 0)
			return wm_fail(WM_FAILED, "hwloc cannot load this machine's topology: %s", strerror(errno));
		if (!hwloc_topology_is_thissystem(t))
			return wm_fail(WM_FAILED,
			               "hwloc describes another machine: unset HWLOC_XMLFILE, HWLOC_SYNTHETIC and "
			               "HWLOC_FSROOT, or name the file with --topology");
		return WM_OK;
	}
	if (hwloc_topology_set_xml(t, path) < 0)
		return wm_fail(WM_INPUT, "%s: cannot be read as hwloc XML: %s", path, strerror(errno));
	if (hwloc_topology_load(t) < 0)
		return wm_fail(WM_INPUT, "%s: not a whole and valid hwloc XML topology", path);
	return WM_OK;
}

static hwloc_bitmap_t usable_pus(hwloc_topology_t t, bool real) {
	hwloc_bitmap_t usable = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(t));
	hwloc_bitmap_t bound = hwloc_bitmap_alloc();

	hwloc_bitmap_and(usable, usable, hwloc_topology_get_topology_cpuset(t));
	if (real && hwloc_get_cpubind(t, bound, HWLOC_CPUBIND_PROCESS) == 0)
		hwloc_bitmap_and(usable, usable, bound);
	hwloc_bitmap_free(bound);
	return usable;
}

enum wm_status wm_topology_open(const char *path, struct wm_topology **topo_p) {
	struct wm_topology *topo;
	hwloc_topology_t t;
	enum wm_status st;

	keep_out_plugins();
	if (hwloc_topology_init(&t) < 0)
		return wm_fail(WM_FAILED, "hwloc cannot start: %s", strerror(errno));
	st = load(t, path);
	if (st != WM_OK) {
		hwloc_topology_destroy(t);
		return st;
	}
	topo = wm_zalloc(sizeof(*topo));
	topo->t = t;
	topo->real = !path;
	topo->usable = usable_pus(t, topo->real);
	*topo_p = topo;
	return WM_OK;
}

void wm_topology_close(struct wm_topology *topo) {
	if (!topo)
		return;
	hwloc_bitmap_free(topo->usable);
	hwloc_topology_destroy(topo->t);
	free(topo);
}

bool wm_topology_is_real(const struct wm_topology *topo) {
	return topo->real;
}

uint64_t wm_topology_memory(const struct wm_topology *topo) {
	uint64_t sum = 0;

	if (!hwloc_bitmap_isequal(hwloc_topology_get_topology_nodeset(topo->t),
	                          hwloc_topology_get_complete_nodeset(topo->t)))
		return 0;
	for (hwloc_obj_t o = NULL; (o = hwloc_get_next_obj_by_type(topo->t, HWLOC_OBJ_NUMANODE, o));)
		sum += o->attr->numanode.local_memory;
	return sum;
}

enum wm_status wm_topology_write(const struct wm_topology *topo, const char *path) {
	if (hwloc_topology_export_xml(topo->t, path, 0) < 0)
		return wm_fail(WM_FAILED, "%s: cannot write the topology: %s", path, strerror(errno));
	return WM_OK;
}

/* ---- lists of PUs and nodes --------------------------------------------------------------------------------- */

/* The list in the field of a device; a list that is cut would name other cores, so it fails instead. */
static enum wm_status put_list(const struct wm_device *dev, const char *what, hwloc_const_bitmap_t set, char *out,
                               size_t room) {
	int n = hwloc_bitmap_list_snprintf(out, room, set);

	if (n < 0 || (size_t)n >= room) {
		out[0] = '\0';
		return wm_fail(WM_FAILED, "the list of the %s of %s has %d characters, at most %zu can be kept", what, dev->id,
		               n, room - 1);
	}
	return WM_OK;
}

/* Leaves the first PU of each core: hardware threads of one core share its arithmetic units. Where hwloc knows no
 * cores every PU counts as one. */
static void keep_one_pu_a_core(hwloc_topology_t t, hwloc_bitmap_t set) {
	hwloc_obj_t core = NULL;

	while ((core = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_CORE, core)))
		for (int pu = hwloc_bitmap_first(core->cpuset), kept = 0; pu >= 0; pu = hwloc_bitmap_next(core->cpuset, pu)) {
			if (!hwloc_bitmap_isset(set, (unsigned)pu))
				continue;
			if (kept++)
				hwloc_bitmap_clr(set, (unsigned)pu);
		}
}

/* ---- the host as a device ----------------------------------------------------------------------------------- */

/* Every instance from L2 up that one of these PUs uses, whole: a cache is not halved by who else is kept off it. */
static uint64_t cache_bytes(hwloc_topology_t t, hwloc_const_bitmap_t cpuset) {
	static const hwloc_obj_type_t levels[] = {HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE,
	                                          HWLOC_OBJ_L5CACHE, HWLOC_OBJ_MEMCACHE};
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		for (hwloc_obj_t o = NULL; (o = hwloc_get_next_obj_by_type(t, levels[i], o));)
			if (hwloc_bitmap_intersects(o->cpuset, cpuset))
				sum += o->attr->cache.size;
	return sum;
}

static uint64_t least_known(uint64_t a, uint64_t b) {
	if (a == 0 || b == 0)
		return a + b;
	return a < b ? a : b;
}

/* No single source is right everywhere: nodes of a virtual machine may not show memory that was added later, MemTotal
 * knows no container, a control group may allow more than there is. The least of them is there for sure. A driver that
 * made a device of these cores may keep a part to itself: what it has said counts too. */
static void put_memory(const struct wm_topology *topo, hwloc_const_bitmap_t nodeset, struct wm_device *dev) {
	struct wm_limits limits;
	uint64_t nodes = 0;

	for (hwloc_obj_t o = NULL; (o = hwloc_get_next_obj_by_type(topo->t, HWLOC_OBJ_NUMANODE, o));)
		if (hwloc_bitmap_isset(nodeset, o->os_index))
			nodes += o->attr->numanode.local_memory;
	dev->mem_bytes = dev->free_bytes = least_known(dev->mem_bytes, nodes);
	if (!topo->real)
		return;
	wm_limits_read("", &limits);
	dev->mem_bytes = least_known(least_known(dev->mem_bytes, limits.total), limits.cgroup_limit);
	dev->free_bytes = least_known(least_known(dev->mem_bytes, limits.available), limits.cgroup_room);
}

static const char *info(hwloc_obj_t o, const char *key) {
	const char *value = o ? hwloc_obj_get_info_by_name(o, key) : NULL;

	return value ? value : "";
}

/* x86 kernels name the model; Arm ones only the designer's and the part's number. */
static void put_name(hwloc_topology_t t, struct wm_device *dev) {
	hwloc_obj_t package = hwloc_get_obj_by_type(t, HWLOC_OBJ_PACKAGE, 0);

	if (!package)
		package = hwloc_get_root_obj(t);
	if (!*dev->vendor)
		snprintf(dev->vendor, sizeof(dev->vendor), "%s", info(package, "CPUVendor"));
	if (*info(package, "CPUModel"))
		snprintf(dev->name, sizeof(dev->name), "%s", info(package, "CPUModel"));
	else if (*info(package, "CPUPart"))
		snprintf(dev->name, sizeof(dev->name), "Arm implementer %s part %s", info(package, "CPUImplementer"),
		         info(package, "CPUPart"));
}

/* "x86-64 avx2 avx512f": the architecture and those of its extensions that decide how fast arithmetic can be. A file
 * of another machine tells the architecture alone. */
static void put_arch(const struct wm_topology *topo, struct wm_device *dev) {
	static const char *const wanted[] = {"avx2",    "avx512f", "avx512_bf16", "avx512_vnni", "amx_tile", "asimd",
	                                     "asimdhp", "asimddp", "bf16",        "i8mm",        "sve",      "sve2"};
	const char *arch = info(hwloc_get_root_obj(topo->t), "Architecture");
	char flags[8192];
	struct utsname system;
	size_t used;

	if (!*arch && topo->real && uname(&system) == 0)
		arch = system.machine;
	used = (size_t)snprintf(dev->arch, sizeof(dev->arch), "%s", strcmp(arch, "x86_64") == 0 ? "x86-64" : arch);
	if (!topo->real || (!wm_sysfile_field("", "/proc/cpuinfo", "flags", flags, sizeof(flags)) &&
	                    !wm_sysfile_field("", "/proc/cpuinfo", "Features", flags, sizeof(flags))))
		return;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (wm_word_index(flags, wanted[i]) >= 0 && used + strlen(wanted[i]) + 1 < sizeof(dev->arch))
			used += (size_t)snprintf(dev->arch + used, sizeof(dev->arch) - used, " %s", wanted[i]);
}

/* All that is known of the host part on these PUs and nodes; what a backend has named keeps its name. */
static enum wm_status put_place(const struct wm_topology *topo, hwloc_const_bitmap_t cpuset,
                                hwloc_const_bitmap_t nodeset, struct wm_device *dev) {
	enum wm_status st = put_list(dev, "cores", cpuset, dev->cpuset, sizeof(dev->cpuset));

	if (st == WM_OK)
		st = put_list(dev, "NUMA nodes", nodeset, dev->nodeset, sizeof(dev->nodeset));
	if (st != WM_OK)
		return st;
	dev->threads = hwloc_bitmap_weight(cpuset);
	dev->cache_bytes = cache_bytes(topo->t, cpuset);
	put_memory(topo, nodeset, dev);
	if (!*dev->name)
		put_name(topo->t, dev);
	if (!*dev->arch)
		put_arch(topo, dev);
	if (!dev->units)
		dev->units = dev->threads;
	return WM_OK;
}

/* N of "host:package=N" and "host:numa=N"; the object has the number that the system gives it. */
static enum wm_status find_part(const struct wm_topology *topo, const char *id, hwloc_obj_type_t type, const char *what,
                                const char *number, hwloc_bitmap_t cpuset, hwloc_bitmap_t nodeset) {
	hwloc_bitmap_t there = hwloc_bitmap_alloc();
	enum wm_status st = WM_OK;
	hwloc_obj_t o = NULL;
	char list[WM_BRIEF_LIST], *end;
	unsigned long n = strtoul(number, &end, 10);

	while ((o = hwloc_get_next_obj_by_type(topo->t, type, o))) {
		if (hwloc_bitmap_intersects(o->cpuset, topo->usable))
			hwloc_bitmap_set(there, o->os_index);
		if (o->os_index == n) {
			hwloc_bitmap_and(cpuset, o->cpuset, topo->usable);
			hwloc_bitmap_copy(nodeset, o->nodeset);
		}
	}
	wm_list_brief(there, list);
	if (*number < '0' || *number > '9' || *end)
		st = wm_fail(WM_INPUT, "device '%s': '%s' is not a number of a %s; there is %s", id, number, what, list);
	else if (!hwloc_bitmap_isset(there, (unsigned)(n > 65535 ? 65535 : n)))
		st = wm_fail(WM_INPUT, "device '%s': no %s %s with cores that this process may use; there is %s", id, what,
		             number, list);
	hwloc_bitmap_free(there);
	return st;
}

/* The PUs of "host:cpus=LIST": all must exist, be usable and be of different cores, else the exact other list. */
static enum wm_status find_cpus(const struct wm_topology *topo, const char *id, const char *list, hwloc_bitmap_t cpuset,
                                hwloc_bitmap_t nodeset) {
	hwloc_bitmap_t rest = hwloc_bitmap_alloc();
	char bad[WM_BRIEF_LIST], good[WM_BRIEF_LIST];
	enum wm_status st = WM_OK;

	if (!wm_list_parse(list, cpuset)) {
		wm_list_brief(topo->usable, good);
		st = wm_fail(WM_INPUT, "device '%s': '%s' is not a list of CPUs like 0-3,8; this process may use %s", id, list,
		             good);
		goto out;
	}
	hwloc_bitmap_andnot(rest, cpuset, topo->usable);
	if (!hwloc_bitmap_iszero(rest)) {
		wm_list_brief(rest, bad);
		wm_list_brief(topo->usable, good);
		st = wm_fail(WM_INPUT, "device '%s': CPUs %s do not exist or are not allowed; this process may use %s", id, bad,
		             good);
		goto out;
	}
	hwloc_bitmap_copy(rest, cpuset);
	keep_one_pu_a_core(topo->t, rest);
	if (!hwloc_bitmap_isequal(rest, cpuset)) {
		wm_list_brief(rest, good);
		st = wm_fail(WM_INPUT, "device '%s': some of these CPUs share a core, and a core gets one thread: host:cpus=%s",
		             id, good);
		goto out;
	}
	hwloc_cpuset_to_nodeset(topo->t, cpuset, nodeset);
out:
	hwloc_bitmap_free(rest);
	return st;
}

/* The first N cores of "host:cores=N". Threads that share a core would measure the scheduler: with more than there are,
 * off gets the reason and the PUs are those of all cores. */
static enum wm_status find_cores(const struct wm_topology *topo, const char *id, const char *number,
                                 hwloc_bitmap_t cpuset, hwloc_bitmap_t nodeset, char *off, size_t room) {
	long wanted = 0, left;
	int cores;

	if (wm_parse_count(number, &wanted) != WM_OK || wanted < 1)
		return wm_fail(WM_INPUT, "device '%s': '%s' is not a number of cores", id, number);
	hwloc_bitmap_copy(cpuset, topo->usable);
	keep_one_pu_a_core(topo->t, cpuset);
	cores = hwloc_bitmap_weight(cpuset);
	if (wanted > cores)
		snprintf(off, room, "%ld cores are wanted, this process may use %d; a core gets one thread", wanted, cores);
	left = wanted;
	for (int pu = hwloc_bitmap_first(cpuset); pu >= 0; pu = hwloc_bitmap_next(cpuset, pu))
		if (left-- <= 0)
			hwloc_bitmap_clr(cpuset, (unsigned)pu);
	hwloc_cpuset_to_nodeset(topo->t, cpuset, nodeset);
	return WM_OK;
}

static enum wm_status find_host(const struct wm_topology *topo, const char *id, hwloc_bitmap_t cpuset,
                                hwloc_bitmap_t nodeset, char *off, size_t room) {
	if (strcmp(id, "host") == 0) {
		hwloc_bitmap_copy(cpuset, topo->usable);
		hwloc_cpuset_to_nodeset(topo->t, cpuset, nodeset);
		return WM_OK;
	}
	if (strncmp(id, "host:package=", 13) == 0)
		return find_part(topo, id, HWLOC_OBJ_PACKAGE, "package", id + 13, cpuset, nodeset);
	if (strncmp(id, "host:numa=", 10) == 0)
		return find_part(topo, id, HWLOC_OBJ_NUMANODE, "NUMA node", id + 10, cpuset, nodeset);
	if (strncmp(id, "host:cpus=", 10) == 0)
		return find_cpus(topo, id, id + 10, cpuset, nodeset);
	if (strncmp(id, "host:cores=", 11) == 0)
		return find_cores(topo, id, id + 11, cpuset, nodeset, off, room);
	return wm_fail(
		WM_INPUT, "device '%s': a part of the host is host:package=N, host:numa=N, host:cores=N or host:cpus=LIST", id);
}

enum wm_status wm_topology_host(const struct wm_topology *topo, const char *id, struct wm_device *dev_p) {
	struct wm_device dev = {.backend = "host", .on_host = true};
	hwloc_bitmap_t cpuset = hwloc_bitmap_alloc(), nodeset = hwloc_bitmap_alloc();
	enum wm_status st;

	if (strlen(id) >= sizeof(dev.id)) {
		st = wm_fail(WM_INPUT, "device '%s': longer than %zu characters", id, sizeof(dev.id) - 1);
		goto out;
	}
	memcpy(dev.id, id, strlen(id) + 1);
	st = find_host(topo, id, cpuset, nodeset, dev.off, sizeof(dev.off));
	if (st != WM_OK)
		goto out;
	keep_one_pu_a_core(topo->t, cpuset);
	dev.features = WM_HAS_F64 | WM_HAS_F16;
	st = put_place(topo, cpuset, nodeset, &dev);
	if (st == WM_OK)
		*dev_p = dev;
out:
	hwloc_bitmap_free(cpuset);
	hwloc_bitmap_free(nodeset);
	return st;
}

/* ---- devices that hang on the host -------------------------------------------------------------------------- */

/* The usable PUs nearest to a PCI device: those of the closest object with cores that it hangs on. */
static void find_near(const struct wm_topology *topo, const char *pci, hwloc_bitmap_t cpuset, hwloc_bitmap_t nodeset) {
	hwloc_obj_t o = *pci ? hwloc_get_pcidev_by_busidstring(topo->t, pci) : NULL;

	hwloc_bitmap_copy(cpuset, topo->usable);
	if (o) {
		o = hwloc_get_non_io_ancestor_obj(topo->t, o);
		if (hwloc_bitmap_intersects(o->cpuset, topo->usable))
			hwloc_bitmap_and(cpuset, o->cpuset, topo->usable);
	}
	hwloc_cpuset_to_nodeset(topo->t, cpuset, nodeset);
}

enum wm_status wm_topology_near(const struct wm_topology *topo, struct wm_device *dev) {
	hwloc_bitmap_t cpuset = hwloc_bitmap_alloc(), nodeset = hwloc_bitmap_alloc();
	enum wm_status st;

	find_near(topo, dev->pci, cpuset, nodeset);
	keep_one_pu_a_core(topo->t, cpuset);
	if (dev->on_host) {
		st = put_place(topo, cpuset, nodeset, dev);
	} else {
		st = put_list(dev, "cores", cpuset, dev->cpuset, sizeof(dev->cpuset));
		if (st == WM_OK)
			st = put_list(dev, "NUMA nodes", nodeset, dev->nodeset, sizeof(dev->nodeset));
	}
	hwloc_bitmap_free(cpuset);
	hwloc_bitmap_free(nodeset);
	return st;
}
