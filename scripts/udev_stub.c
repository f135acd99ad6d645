/* SPDX-License-Identifier: Apache-2.0 */
/*
 * udev_stub.c - linked into the portable binary alone. The static hwloc asks libudev for the model and serial number
 * of disks, which wattmark does not use, and libudev has no static form. udev_new says that there is no udev, upon
 * which hwloc reads /run/udev itself and calls none of the others.
 */
#include <stddef.h>

void *udev_new(void);
void *udev_unref(void *udev);
void *udev_device_new_from_subsystem_sysname(void *udev, const char *subsystem, const char *sysname);
const char *udev_device_get_property_value(void *device, const char *key);
void *udev_device_unref(void *device);

void *udev_new(void) {
	return NULL;
}

void *udev_unref(void *udev) {
	(void)udev;
	return NULL;
}

void *udev_device_new_from_subsystem_sysname(void *udev, const char *subsystem, const char *sysname) {
	(void)udev;
	(void)subsystem;
	(void)sysname;
	return NULL;
}

const char *udev_device_get_property_value(void *device, const char *key) {
	(void)device;
	(void)key;
	return NULL;
}

void *udev_device_unref(void *device) {
	(void)device;
	return NULL;
}
