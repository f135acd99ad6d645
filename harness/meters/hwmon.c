/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hwmon.c - power and energy sensors of /sys/class/hwmon: sockets of Ampere's Altra, of NVIDIA's Grace, AMD GPUs
 * without gpu_metrics, ACPI power meters, and whatever else there is, as parts.
 *
 * A chip is known by its name and a sensor by its label, never by a number. Only what somebody states to be a whole
 * package, module or machine becomes a source that can weigh one. Nothing here counts energy but parts, so a source is
 * a power, which the windows add up.
 */
#include "files.h"

#include "system/sysfile.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "/sys/class/hwmon"
#define REMEDY "as root: chmod a+r " FOLDER "/hwmon*/{power,energy}*"
#define CORE_ENERGY "Core Energy"
/* 0xffffffff mW: what ACPI's _PMM gives where it has no reading, and the driver passes on (lm-sensors, issue 460) */
#define NO_READING 4294967295000.0
#define MILLIWATT 0.001
/* no GPU that is on: the second die of a board shows it whose first one shows the power of both (MI250X) */
#define ZERO "0 W, so its power is not shown there"

enum { MOST_SENSORS = 256 };

struct chip {
	char folder[64]; /* where its files are: "/sys/class/hwmon/hwmon3", or "device" in it for old drivers */
	char device[64]; /* "/sys/class/hwmon/hwmon3/device" */
	char number[16]; /* "hwmon3" */
	char name[32];
};

struct search {
	const char *root;
	struct wm_source *sources;
	int max, n;
	int chips;
	int packages[WM_MOST_PACKAGES], npackages;
};

/* ---- one source --------------------------------------------------------------------------------------------- */

/* A source whose files are in that folder. */
static struct wm_source begin(const char *folder, enum wm_scope scope, enum wm_source_kind kind) {
	struct wm_source source = wm_source_of("hwmon", scope, kind);

	snprintf(source.where, sizeof(source.where), "%s", folder);
	return source;
}

/* One more file whose number is added. */
static void use(const struct search *search, const char *folder, const char *file, struct wm_source *source) {
	char path[128];

	wm_files_add(source->where, sizeof(source->where), " ", file);
	snprintf(path, sizeof(path), "%s/%.48s", folder, file);
	wm_source_try(source, search->root, path, REMEDY);
}

static void add(struct search *search, const struct wm_source *source) {
	if (search->n < search->max)
		search->sources[search->n++] = *source;
}

static bool has_file(const struct search *search, const char *folder, const char *file) {
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	return wm_files_has(search->root, path);
}

/* The text of a file of the chip, wherever its driver keeps it; false: there is none. */
static bool text_of(const struct search *search, const struct chip *chip, const char *file, char *out, size_t room) {
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", chip->folder, file);
	if (wm_sysfile_line(search->root, path, out, room))
		return true;
	snprintf(path, sizeof(path), "%s/%s", chip->device, file);
	if (wm_sysfile_line(search->root, path, out, room))
		return true;
	out[0] = '\0';
	return false;
}

/* The label of "power1_input" is in "power1_label"; "" where it has none. */
static void label_of(const struct search *search, const struct chip *chip, const char *file, char *out, size_t room) {
	char name[48];

	snprintf(name, sizeof(name), "%.*s_label", (int)strcspn(file, "_"), file);
	text_of(search, chip, name, out, room);
}

/* ---- Altra -------------------------------------------------------------------------------------------------- */

/* The file powerN_input of that label. */
struct wanted {
	const struct search *search;
	const struct chip *chip;
	const char *label;
	char file[48];
};

static void take_wanted(void *arg, const char *path) {
	struct wanted *wanted = arg;
	char label[64];

	label_of(wanted->search, wanted->chip, wm_files_name(path), label, sizeof(label));
	if (strcmp(label, wanted->label) == 0)
		snprintf(wanted->file, sizeof(wanted->file), "%.40s", wm_files_name(path));
}

static bool by_label(const struct search *search, const struct chip *chip, const char *label, char file[48]) {
	struct wanted wanted = {search, chip, label, ""};
	char pattern[96];

	snprintf(pattern, sizeof(pattern), "%s/power*_input", chip->folder);
	wm_files_each(search->root, pattern, take_wanted, &wanted);
	memcpy(file, wanted.file, sizeof(wanted.file));
	return wanted.file[0] != '\0';
}

/* The package that the firmware counts as socket number N: the system's numbers are others, in the same order. */
static int package_of_socket(const struct search *search, int socket) {
	return socket >= 0 && socket < search->npackages ? search->packages[socket] : -1;
}

/*
 * The package of an instance of xgene-hwmon: the only one, or that which its ACPI name tells. Ampere's firmware calls
 * the monitor of socket N "HWMN" (Platform/Ampere/JadePkg/AcpiTables/Dsdt.asl of edk2-platforms).
 */
static int package_of_monitor(const struct search *search, const struct chip *chip) {
	char uid[32];
	int socket;

	if (search->npackages == 1)
		return search->packages[0];
	text_of(search, chip, "firmware_node/uid", uid, sizeof(uid));
	return sscanf(uid, "HWM%d", &socket) == 1 ? package_of_socket(search, socket) : -1;
}

static void take_other(struct search *search, const struct chip *chip);

/*
 * drivers/hwmon/xgene-hwmon.c of Linux, one instance a socket. Its registers are those that smpro-hwmon.c calls CORE
 * VRD and SoC; no register of the DIMMs is shown. A value is asked from the firmware at every look, watts and
 * milliwatts one after the other.
 */
static void take_altra_power(struct search *search, const struct chip *chip) {
	struct wm_source source = begin(chip->folder, WM_SCOPE_CPU, WM_POWER);
	char cpu[48], io[48];

	if (!by_label(search, chip, "CPU power", cpu) || !by_label(search, chip, "IO power", io)) {
		take_other(search, chip);
		return;
	}
	use(search, chip->folder, cpu, &source);
	use(search, chip->folder, io, &source);
	source.quantum = MILLIWATT;
	source.package = package_of_monitor(search, chip);
	snprintf(source.word, sizeof(source.word), "CPU power + IO power");
	snprintf(source.note, sizeof(source.note), "DIMMs not in it; one look may be 1 W off (W and mW are read apart)");
	if (source.package >= 0)
		snprintf(source.id, sizeof(source.id), "hwmon:package-%d", source.package);
	else {
		source.scope = WM_SCOPE_PART;
		snprintf(source.id, sizeof(source.id), "hwmon:apm_xgene:%s", chip->number);
		snprintf(source.note, sizeof(source.note), "which of %d packages it is of is not said", search->npackages);
	}
	add(search, &source);
}

struct cores {
	const struct search *search;
	const struct chip *chip;
	struct wm_source *source;
	int n;
};

static void take_core(void *arg, const char *path) {
	struct cores *cores = arg;
	char label[64];

	label_of(cores->search, cores->chip, wm_files_name(path), label, sizeof(label));
	if (strncmp(label, CORE_ENERGY, strlen(CORE_ENERGY)) != 0)
		return;
	cores->n++;
	wm_source_try(cores->source, cores->search->root, path, REMEDY);
}

/*
 * altra_hwmon.c of Ampere's kernels: an energy counter a core. Those that were 0 when the driver started have no file,
 * and the others are numbered without a gap: the number is not the core's. Whether a counter has 32 or 64 bits is not
 * shown, so one that decreases is an error and no wrap.
 */
static void take_altra_cores(struct search *search, const struct chip *chip) {
	struct wm_source source = begin(chip->folder, WM_SCOPE_PART, WM_COUNTER);
	struct cores cores = {search, chip, &source, 0};
	char pattern[96];

	snprintf(pattern, sizeof(pattern), "%s/energy*_input", chip->folder);
	wm_files_each(search->root, pattern, take_core, &cores);
	if (cores.n == 0) {
		take_other(search, chip);
		return;
	}
	wm_files_add(source.where, sizeof(source.where), " ", "energy*_input");
	source.range_j = INFINITY;
	source.package = search->npackages == 1 ? search->packages[0] : -1;
	snprintf(source.id, sizeof(source.id), "hwmon:altra_hwmon:%s", chip->number);
	snprintf(source.word, sizeof(source.word), CORE_ENERGY ", sum of %d", cores.n);
	snprintf(source.note, sizeof(source.note),
	         "cores alone, without mesh, caches, IO and DRAM; a core whose counter was 0 "
	         "at the start is not in it");
	add(search, &source);
}

/* ---- AMD GPUs ----------------------------------------------------------------------------------------------- */

/* The PCI address that a link "device" leads to; false: it leads to no PCI device. */
static bool pci_of(const char *root, const char *device, char pci[16]) {
	char full[PATH_MAX], real[PATH_MAX];
	unsigned domain, bus, slot, function;

	snprintf(full, sizeof(full), "%s%s", root, device);
	if (!realpath(full, real) || sscanf(wm_files_name(real), "%x:%2x:%2x.%1x", &domain, &bus, &slot, &function) != 4)
		return false;
	snprintf(pci, 16, "%04x:%02x:%02x.%x", domain & 0xffffu, bus, slot, function);
	return true;
}

/*
 * drivers/gpu/drm/amd/pm/amdgpu_pm.c of Linux: mean or momentary power of the chip, on a processor with graphics that
 * of its CPU too; of GPUs only those have power1_cap that are none. Where the device has gpu_metrics, the meter amdgpu
 * reads that instead.
 */
static void take_amdgpu(struct search *search, const struct chip *chip) {
	struct wm_source source = begin(chip->folder, WM_SCOPE_ACCELERATOR, WM_POWER);
	const char *file = has_file(search, chip->folder, "power1_average") ? "power1_average" : "power1_input";
	char path[128];
	double microwatts;

	if (has_file(search, chip->device, "gpu_metrics") || !has_file(search, chip->folder, file))
		return;
	use(search, chip->folder, file, &source);
	snprintf(path, sizeof(path), "%s/%s", chip->folder, file);
	if (!source.off[0] && wm_number_look(search->root, path, &microwatts) == WM_OK && microwatts == 0)
		snprintf(source.off, sizeof(source.off), "%s: " ZERO, path);
	label_of(search, chip, file, source.word, sizeof(source.word));
	snprintf(source.note, sizeof(source.note), "power of the chip as its firmware has it");
	if (!pci_of(search->root, chip->device, source.pci)) {
		source.scope = WM_SCOPE_PART;
		snprintf(source.note, sizeof(source.note), "its PCI address is not known");
	} else if (!has_file(search, chip->folder, "power1_cap")) {
		source.scope = WM_SCOPE_PART;
		snprintf(source.note, sizeof(source.note), "no power1_cap: a processor with graphics, whose CPU is in it");
	}
	snprintf(source.id, sizeof(source.id), "hwmon:amdgpu:%s", source.pci[0] ? source.pci : chip->number);
	add(search, &source);
}

/* ---- ACPI power meters -------------------------------------------------------------------------------------- */

/* NVIDIA GPUs on the NUMA node of a package. */
struct gpus {
	const struct search *search;
	int package, n;
	char pci[16];
};

static int package_of_node(const char *root, int node) {
	char path[96], list[64];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", node);
	return wm_sysfile_line(root, path, list, sizeof(list)) && list[0] ? wm_files_package_of_cpu(root, atoi(list)) : -1;
}

/* path: /sys/bus/pci/devices/ADDRESS/class */
static void take_gpu(void *arg, const char *path) {
	struct gpus *gpus = arg;
	const char *root = gpus->search->root;
	char folder[96], file[128], class[16], vendor[16];
	double node;

	snprintf(folder, sizeof(folder), "%.*s", (int)(wm_files_name(path) - 1 - path), path);
	snprintf(file, sizeof(file), "%s/vendor", folder);
	/* display controllers: VGA 0300, 3D 0302 (PCI code and ID assignment specification) */
	if (!wm_sysfile_line(root, path, class, sizeof(class)) || strncmp(class, "0x03", 4) != 0 ||
	    !wm_sysfile_line(root, file, vendor, sizeof(vendor)) || strcmp(vendor, "0x10de") != 0)
		return;
	snprintf(file, sizeof(file), "%s/numa_node", folder);
	if (wm_number_look(root, file, &node) || node < 0 || package_of_node(root, (int)node) != gpus->package)
		return;
	snprintf(gpus->pci, sizeof(gpus->pci), "%.15s", wm_files_name(folder));
	gpus->n++;
}

/*
 * NVIDIA's Grace (grace-perf-tuning-guide, Power Telemetry): the module is everything on it with the losses of its
 * regulators; the Grace socket, its CPU rail and its SysIO rail are parts of that.
 */
static void name_grace(const struct search *search, const char *what, int socket, struct wm_source *source) {
	struct gpus gpus = {search, package_of_socket(search, socket), 0, ""};
	char name[16];

	source->package = gpus.package;
	wm_files_id_name(what, name, sizeof(name));
	snprintf(source->id, sizeof(source->id), "hwmon:%s-%d", name, socket);
	if (source->package < 0)
		snprintf(source->note, sizeof(source->note), "the machine shows no package for socket %d", socket);
	else if (strcmp(what, "Grace") == 0) {
		source->scope = WM_SCOPE_CPU;
		snprintf(source->note, sizeof(source->note), "the socket; whether its LPDDR5X is in it was not found out");
	} else if (strcmp(what, "Module") == 0) {
		wm_files_each(search->root, "/sys/bus/pci/devices/*/class", take_gpu, &gpus);
		if (gpus.n == 0)
			snprintf(source->note, sizeof(source->note), "no GPU on its socket: what is in the module is not known");
		else {
			source->scope = WM_SCOPE_SUPERCHIP;
			snprintf(source->note, sizeof(source->note), "the CPU, its memory and regulators, and GPUs: %d", gpus.n);
		}
		if (gpus.n == 1)
			snprintf(source->pci, sizeof(source->pci), "%s", gpus.pci);
	} else
		snprintf(source->note, sizeof(source->note), "a rail of the socket");
}

/* Names of what a meter says that it measures, but for itself. */
struct measured {
	char names[96];
	bool system;
};

static void take_measured(void *arg, const char *path) {
	struct measured *measured = arg;
	const char *name = wm_files_name(path);

	if (strncmp(name, "ACPI000D", strlen("ACPI000D")) == 0)
		return;
	/* what Linux calls ACPI's root and \_SB (drivers/acpi/scan.c) */
	if (strncmp(name, "LNXSYSTM", strlen("LNXSYSTM")) == 0 || strncmp(name, "LNXSYBUS", strlen("LNXSYBUS")) == 0)
		measured->system = true;
	wm_files_add(measured->names, sizeof(measured->names), " ", name);
}

/* A meter without a known name is the server's where it says that it measures the system, else a part. */
static void name_meter(const struct search *search, const struct chip *chip, struct wm_source *source) {
	struct measured measured = {"", false};
	char pattern[96], text[32];

	snprintf(pattern, sizeof(pattern), "%s/measures/*", chip->device);
	wm_files_each(search->root, pattern, take_measured, &measured);
	snprintf(source->id, sizeof(source->id), "hwmon:power_meter:%s", chip->number);
	if (!source->word[0] &&
	    (!text_of(search, chip, "power1_model_number", source->word, sizeof(source->word)) || !source->word[0]))
		snprintf(source->word, sizeof(source->word), "power1_average");
	if (text_of(search, chip, "power1_is_battery", text, sizeof(text)) && strcmp(text, "1") == 0)
		snprintf(source->note, sizeof(source->note), "a battery");
	else if (measured.system) {
		source->scope = WM_SCOPE_SERVER;
		if (text_of(search, chip, "power1_accuracy", text, sizeof(text)))
			snprintf(source->note, sizeof(source->note), "its firmware claims an accuracy of %s", text);
		else
			snprintf(source->note, sizeof(source->note), "its firmware says that it measures the system");
	} else if (measured.names[0])
		snprintf(source->note, sizeof(source->note), "measures %s", measured.names);
	else
		snprintf(
			source->note, sizeof(source->note),
			"nobody states what it measures; if you know: name it in the file of meters, with meter = command, your "
			"scope, and run = a program that prints its watts");
}

/* drivers/hwmon/acpi_power_meter.c of Linux. */
static void take_acpi(struct search *search, const struct chip *chip) {
	const char *folder = has_file(search, chip->folder, "power1_average") ? chip->folder : chip->device;
	struct wm_source source = begin(folder, WM_SCOPE_PART, WM_POWER);
	char text[32], what[16];
	double interval_ms;
	int socket;

	use(search, folder, "power1_average", &source);
	source.quantum = MILLIWATT;
	if (text_of(search, chip, "power1_average_interval", text, sizeof(text)) &&
	    sscanf(text, "%lf", &interval_ms) == 1 && interval_ms > 0)
		source.refresh_s = source.lag_s = 1e-3 * interval_ms;
	if (text_of(search, chip, "power1_oem_info", source.word, sizeof(source.word)) &&
	    sscanf(source.word, "%15s Power Socket %d", what, &socket) == 2)
		name_grace(search, what, socket, &source);
	else
		name_meter(search, chip, &source);
	add(search, &source);
}

/* Several meters that say they are the server's: none of them is shown to be all of it. */
static void settle_servers(struct search *search) {
	int n = 0;

	for (int i = 0; i < search->n; i++)
		n += search->sources[i].scope == WM_SCOPE_SERVER;
	for (int i = 0; n > 1 && i < search->n; i++)
		if (search->sources[i].scope == WM_SCOPE_SERVER) {
			search->sources[i].scope = WM_SCOPE_PART;
			snprintf(search->sources[i].note, sizeof(search->sources[i].note),
			         "one of %d ACPI meters that say that they measure the system", n);
		}
}

/* ---- everything else ---------------------------------------------------------------------------------------- */

struct sensors_of {
	struct search *search;
	const struct chip *chip;
	const char *note;
};

static void take_sensor(void *arg, const char *path) {
	const struct sensors_of *of = arg;
	const char *file = wm_files_name(path), *average = strstr(file, "_average");
	bool counts = strncmp(file, "energy", strlen("energy")) == 0;
	struct wm_source source = begin(of->chip->folder, WM_SCOPE_PART, counts ? WM_COUNTER : WM_POWER);
	int stem = (int)strcspn(file, "_");
	char input[128], name[32];

	snprintf(input, sizeof(input), "%s/%.*s_input", of->chip->folder, stem, file);
	if (average && wm_files_has(of->search->root, input))
		return;
	use(of->search, of->chip->folder, file, &source);
	label_of(of->search, of->chip, file, source.word, sizeof(source.word));
	if (!source.word[0])
		snprintf(source.word, sizeof(source.word), "%.48s", file);
	wm_files_id_name(of->chip->name, name, sizeof(name));
	snprintf(source.id, sizeof(source.id), "hwmon:%s:%s:%.*s", name, of->chip->number, stem, file);
	snprintf(source.note, sizeof(source.note), "%s", of->note);
	add(of->search, &source);
}

static void take_sensors(struct search *search, const struct chip *chip, const char *note) {
	static const char *const patterns[] = {"power*_input", "power*_average", "energy*_input"};
	struct sensors_of of = {search, chip, note};
	char pattern[96];

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		snprintf(pattern, sizeof(pattern), "%s/%s", chip->folder, patterns[i]);
		wm_files_each(search->root, pattern, take_sensor, &of);
	}
}

static void take_other(struct search *search, const struct chip *chip) {
	take_sensors(search, chip, "nobody states what it is of");
}

/* drivers/hwmon/smpro-hwmon.c of Linux: the rails of an Altra, as its management controller sees them. */
static void take_smpro(struct search *search, const struct chip *chip) {
	take_sensors(search, chip,
	             "a rail of the host, seen by its management controller: not of the machine that runs this");
}

/* ---- finding ------------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	void (*take)(struct search *search, const struct chip *chip);
} kinds[] = {
	{"apm_xgene", take_altra_power}, {"xgene_hwmon", take_altra_power}, {"altra_hwmon", take_altra_cores},
	{"smpro_hwmon", take_smpro},     {"amdgpu", take_amdgpu},           {"power_meter", take_acpi},
};

/* path: /sys/class/hwmon/hwmonN */
static void take_chip(void *arg, const char *path) {
	struct search *search = arg;
	struct chip chip = {"", "", "", ""};
	char file[96];

	search->chips++;
	snprintf(chip.number, sizeof(chip.number), "%.15s", wm_files_name(path));
	snprintf(chip.folder, sizeof(chip.folder), FOLDER "/%s", chip.number);
	snprintf(chip.device, sizeof(chip.device), FOLDER "/%s/device", chip.number);
	snprintf(file, sizeof(file), "%s/name", chip.folder);
	if (!wm_sysfile_line(search->root, file, chip.name, sizeof(chip.name))) {
		/* drivers of the old kind keep all their files there */
		memcpy(chip.folder, chip.device, sizeof(chip.folder));
		snprintf(file, sizeof(file), "%s/name", chip.device);
		if (!wm_sysfile_line(search->root, file, chip.name, sizeof(chip.name)))
			return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, chip.name) == 0) {
			kinds[i].take(search, &chip);
			return;
		}
	take_other(search, &chip);
}

static enum wm_status find(const struct wm_meter_setup *setup, struct wm_source *sources, int max, int *n_p) {
	struct search search = {.root = setup->root, .sources = sources, .max = max};

	if (!wm_files_has(setup->root, FOLDER))
		return wm_fail(WM_SKIP, "no %s: %s", FOLDER, strerror(errno));
	search.npackages = wm_files_packages(setup->root, search.packages);
	wm_files_each(setup->root, FOLDER "/hwmon*", take_chip, &search);
	settle_servers(&search);
	if (search.n == 0)
		return wm_fail(WM_SKIP, "no sensor of power or energy among the %d chips of %s", search.chips, FOLDER);
	*n_p = search.n;
	return WM_OK;
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

struct sensors {
	int n;
	struct wm_number cap;
	struct wm_number v[MOST_SENSORS];
};

/* Sensors that are being opened, until one of them fails. */
struct opening {
	const char *root;
	struct sensors *sensors;
	enum wm_status st;
};

static void open_sensor(struct opening *opening, const char *path) {
	struct sensors *sensors = opening->sensors;

	if (opening->st)
		return;
	if (sensors->n == MOST_SENSORS)
		opening->st = wm_fail(WM_FAILED, "%s: more than %d sensors", path, MOST_SENSORS);
	else
		opening->st = wm_number_open(opening->root, path, &sensors->v[sensors->n]);
	sensors->n += opening->st == WM_OK;
}

/* path: ../energyN_input, of which the cores' are wanted */
static void open_core(void *arg, const char *path) {
	struct opening *opening = arg;
	char file[160], label[64];

	snprintf(file, sizeof(file), "%.*s_label", (int)(strrchr(path, '_') - path), path);
	if (wm_sysfile_line(opening->root, file, label, sizeof(label)) &&
	    strncmp(label, CORE_ENERGY, strlen(CORE_ENERGY)) == 0)
		open_sensor(opening, path);
}

static void close_source(struct wm_source *source) {
	struct sensors *sensors = source->priv;

	for (int i = 0; sensors && i < sensors->n; i++)
		wm_number_close(&sensors->v[i]);
	if (sensors)
		wm_number_close(&sensors->cap);
	free(sensors);
	source->priv = NULL;
}

/* The limit of a sensor stands beside it: power1_cap. That of a sum would be of one summand. */
static void open_cap(const char *root, const char *folder, const char *file, struct wm_number *cap_p) {
	char path[160];

	snprintf(path, sizeof(path), "%.80s/%.*s_cap", folder, (int)strcspn(file, "_"), file);
	wm_number_open(root, path, cap_p); /* most have none */
}

static enum wm_status open_source(const struct wm_meter_setup *setup, struct wm_source *source) {
	struct sensors *sensors = wm_zalloc(sizeof(*sensors));
	struct opening opening = {setup->root, sensors, WM_OK};
	const char *words = source->where;
	char folder[96] = "", file[48] = "", path[160];

	source->priv = sensors;
	wm_files_next(&words, folder, sizeof(folder));
	while (wm_files_next(&words, file, sizeof(file))) {
		snprintf(path, sizeof(path), "%s/%s", folder, file);
		if (strchr(file, '*'))
			wm_files_each(setup->root, path, open_core, &opening);
		else
			open_sensor(&opening, path);
	}
	if (opening.st == WM_OK && sensors->n == 0)
		opening.st = wm_fail(WM_FAILED, "%s: not there any more", source->where);
	if (opening.st)
		close_source(source);
	else if (sensors->n == 1)
		open_cap(setup->root, folder, file, &sensors->cap);
	return opening.st;
}

static enum wm_status read_source(struct wm_source *source, struct wm_reading *reading_p) {
	struct sensors *sensors = source->priv;
	struct wm_reading reading = wm_no_reading();
	bool counts = source->kind == WM_COUNTER;
	double sum = 0, value;

	for (int i = 0; i < sensors->n; i++) {
		enum wm_status st =
			counts && sensors->n > 1 ? wm_number_count(&sensors->v[i], &value) : wm_number_read(&sensors->v[i], &value);

		if (st)
			return st;
		if (!counts && value == NO_READING)
			return wm_fail(WM_FAILED, "%s: the firmware has no reading (0xffffffff)", sensors->v[i].path);
		if (source->scope == WM_SCOPE_ACCELERATOR && value == 0)
			return wm_fail(WM_FAILED, "%s: " ZERO, sensors->v[i].path);
		sum += 1e-6 * value;
	}
	if (counts)
		reading.joules = sum;
	else
		reading.watts = sum;
	/* 0: not set */
	if (sensors->cap.is_open && wm_number_read(&sensors->cap, &value) == WM_OK && value > 0 && value != NO_READING)
		reading.cap_w = 1e-6 * value;
	*reading_p = reading;
	return WM_OK;
}

const struct wm_meter wm_meter_hwmon = {
	.name = "hwmon",
	.about = "power sensors of /sys/class/hwmon: Ampere Altra, NVIDIA Grace, ACPI power meters, others",
	.find = find,
	.open = open_source,
	.read = read_source,
	.close = close_source,
};
