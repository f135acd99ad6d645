/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_version.c - which binary this is: version, method, schema, compiler, git state. */
#include "commands.h"

#include "core/cases.h"
#include "system/environment.h"

int wm_cmd_version(const struct wm_option_values *options) {
	json_t *env = wm_environment("");
	const char *compiler = json_string_value(json_object_get(env, "compiler"));
	const char *git = json_string_value(json_object_get(env, "git"));
	char id[17];

	(void)options;
	wm_binary_id(id);
	printf("wattmark %s\nmethod %s, record schema %d\nbuilt by %s from %s\nbinary %s\n", WM_VERSION, WM_METHOD,
	       WM_SCHEMA, compiler ? compiler : "an unknown compiler", git ? git : "an unknown state", id);
	json_decref(env);
	return WM_EXIT_OK;
}
