/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Users, words and the verdict over scripts. Examining a file is script_check.c's job; each
 * combination of command and user is examined and described once, however many servers use it.
 */
#include "config/script_resolve.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "config/script_check.h"
#include "config/shell_words.h"

#define SEEN_SLOTS      256 /* remembered results, the newest of each slot */
#define ENTRY_TEXT_MAX  16384
#define DEFAULT_ACCOUNT "keepalived_script"

struct identity {
	bool known;
	uid_t uid;
	gid_t gid;
};

struct seen {
	const char *command; /* interned */
	uid_t uid;
	gid_t gid;
	bool refused;
	struct script_model script;
};

struct script_resolver {
	struct identity fallback; /* for scripts without a user; not known: they are refused */
	bool told_root;
	struct script_fs fs;
	struct seen seen[SEEN_SLOTS];
};

static bool
parse_id(const char *text, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && !*end && !errno && *out < UINT32_MAX;
}

static bool
find_user(const char *name, struct identity *out)
{
	struct passwd entry, *found = NULL;
	char text[ENTRY_TEXT_MAX];
	unsigned long id;

	if (getpwnam_r(name, &entry, text, sizeof(text), &found) == 0 && found) {
		*out = (struct identity){ true, entry.pw_uid, entry.pw_gid };
		return true;
	}
	if (!parse_id(name, &id))
		return false;
	*out = (struct identity){ true, (uid_t)id, (gid_t)id };
	if (getpwuid_r((uid_t)id, &entry, text, sizeof(text), &found) == 0 && found)
		out->gid = entry.pw_gid;
	return true;
}

static bool
find_group(const char *name, gid_t *out)
{
	struct group entry, *found = NULL;
	char text[ENTRY_TEXT_MAX];
	unsigned long id;

	if (getgrnam_r(name, &entry, text, sizeof(text), &found) == 0 && found) {
		*out = entry.gr_gid;
		return true;
	}
	if (!parse_id(name, &id))
		return false;
	*out = (gid_t)id;
	return true;
}

/* script_user, else the account kept for this, else root. */
static void
settle_fallback(struct conf_completion *c, struct script_resolver *r)
{
	struct global_draft *global = &c->draft->global;

	if (!c->check_system) {
		r->fallback = (struct identity){ true, SCRIPT_NO_ID, SCRIPT_NO_ID };
		return;
	}
	if (!global->script_user) {
		if (!find_user(DEFAULT_ACCOUNT, &r->fallback) && !global->model.script_security)
			r->fallback = (struct identity){ true, 0, 0 };
		return;
	}
	if (!find_user(global->script_user, &r->fallback)) {
		conf_diag(
			c->diags, CONF_SECURITY, global->script_user_place, "script-user-unknown",
			"expected a user of this machine",
			"this machine has no user \"%s\": scripts without a user of their own are "
			"disabled",
			global->script_user);
	} else if (global->script_group && !find_group(global->script_group, &r->fallback.gid)) {
		conf_diag(c->diags, CONF_SECURITY, global->script_user_place, "script-user-unknown",
			  "expected a group of this machine",
			  "this machine has no group \"%s\": scripts without a user of their own "
			  "are disabled",
			  global->script_group);
		r->fallback.known = false;
	}
}

struct script_resolver *
script_resolver_new(struct conf_completion *c)
{
	struct script_resolver *r = conf_arena_alloc(c->arena, sizeof(*r));

	r->fs = script_fs_system();
	settle_fallback(c, r);
	return r;
}

static bool
resolve_user(struct conf_completion *c, const char *keyword, const struct conf_script_line *line,
	     struct identity *out)
{
	if (!c->check_system) {
		*out = (struct identity){ true, SCRIPT_NO_ID, SCRIPT_NO_ID };
		return true;
	}
	if (!find_user(line->user, out)) {
		conf_diag(c->diags, CONF_SECURITY, line->user_place, "script-user-unknown",
			  "expected USER [GROUP] behind the command",
			  "this machine has no user \"%s\": %s is disabled", line->user, keyword);
		conf_diag(c->diags, CONF_NOTE, line->place, "script-user-unknown", NULL,
			  "if \"%s\" is an argument, quote the whole command: %s \"%s %s%s%s\"",
			  line->user, keyword, line->command, line->user, line->group ? " " : "",
			  line->group ? line->group : "");
		return false;
	}
	if (line->group && !find_group(line->group, &out->gid)) {
		conf_diag(c->diags, CONF_SECURITY, line->group_place, "script-user-unknown",
			  "expected a group of this machine",
			  "this machine has no group \"%s\": %s is disabled", line->group, keyword);
		return false;
	}
	return true;
}

static bool
resolve_identity(struct conf_completion *c, const char *keyword,
		 const struct conf_script_line *line, struct identity *out)
{
	if (line->user)
		return resolve_user(c, keyword, line, out);
	*out = c->scripts->fallback;
	if (!out->known && !c->draft->global.script_user)
		conf_diag(c->diags, CONF_SECURITY, line->place, "script-user-missing",
			  "add a user behind the command, or script_user to global_defs",
			  "with enable_script_security no script runs as root by default: %s is "
			  "disabled",
			  keyword);
	else if (!out->known)
		conf_diag(c->diags, CONF_SECURITY, line->place, "script-user-missing", NULL,
			  "%s is disabled because script_user is wrong", keyword);
	return out->known;
}

static const char *
fault_code(enum script_fault fault)
{
	switch (fault) {
	case SCRIPT_FINE:
		return "script-fine";
	case SCRIPT_NOT_FOUND:
		return "script-not-found";
	case SCRIPT_NOT_REACHABLE:
		return "script-not-reachable";
	case SCRIPT_NOT_REGULAR:
		return "script-not-regular";
	case SCRIPT_NOT_EXECUTABLE:
		return "script-not-executable";
	case SCRIPT_UNSAFE:
		return "script-unsafe";
	}
	return "script-fine";
}

/* Without script security an unsafe script is run, and said to be unsafe. */
static bool
judge(struct conf_completion *c, const char *keyword, const struct conf_script_line *line,
      const struct script_finding *found)
{
	bool security = c->draft->global.model.script_security;
	bool refused = found->fault != SCRIPT_FINE && (found->fault != SCRIPT_UNSAFE || security);

	if (found->fault == SCRIPT_FINE)
		return true;
	conf_diag(c->diags, refused ? CONF_SECURITY : CONF_WARNING, line->place,
		  fault_code(found->fault), NULL, "%s%s%s", found->text,
		  found->fault != SCRIPT_UNSAFE ? ": "
		  : refused                     ? ", and root would run it: "
						: ", and root runs it: with "
						  "enable_script_security it would be disabled: ",
		  refused ? "disabled" : keyword);
	if (found->remedy[0])
		conf_diag(c->diags, CONF_NOTE, line->place, fault_code(found->fault), NULL,
			  "to mend it: %s", found->remedy);
	return !refused;
}

/* The command's words, in the arena; false with a diagnostic. */
static bool
split(struct conf_completion *c, const char *keyword, const struct conf_script_line *line,
      struct script_model *out)
{
	struct conf_shell_words words;
	uint32_t bad_at = 0;
	const char *why =
		conf_shell_split(c->arena, line->command, CONF_SHELL_DECODE, &words, &bad_at);

	if (!why && words.n == 0)
		why = "there is no command";
	if (!why && words.n > SCRIPT_ARGS_MAX)
		why = "it has more than 64 words";
	if (why) {
		conf_diag(c->diags, CONF_ERROR, line->place, "script-words", NULL,
			  "%s cannot be split into words: %s", keyword, why);
		return false;
	}
	const char **argv = conf_arena_alloc(c->arena, (words.n + 1) * sizeof(*argv));

	memcpy(argv, words.words, words.n * sizeof(*argv));
	out->argc = words.n;
	out->argv = argv;
	return true;
}

static bool
examine(struct conf_completion *c, const char *keyword, const struct conf_script_line *line,
	struct script_model *out)
{
	struct script_finding found;

	if (!c->check_system)
		return true;
	script_check(&c->scripts->fs, out->argv[0], out->uid, out->gid, &found);
	if (!judge(c, keyword, line, &found))
		return false;
	if (!strchr(out->argv[0], '/')) {
		conf_diag(c->diags, CONF_WARNING, line->place, "script-bare-name", NULL,
			  "%s has no directory: %s is used", out->argv[0], found.path);
		((const char **)out->argv)[0] = conf_arena_str(c->arena, found.path);
	}
	if (out->uid == 0 && !c->draft->global.model.script_security && !c->scripts->told_root) {
		c->scripts->told_root = true;
		conf_diag(c->diags, CONF_WARNING, line->place, "script-security-off", NULL,
			  "scripts run as root without enable_script_security in global_defs");
	}
	return true;
}

void
script_resolve(struct conf_completion *c, const char *keyword, const struct conf_script_line *line,
	       struct script_model *out)
{
	struct identity who;

	*out = (struct script_model){ 0 };
	if (!line->command || !resolve_identity(c, keyword, line, &who))
		return;
	const char *command = conf_arena_intern(c->arena, line->command);
	struct seen *seen = &c->scripts->seen[((uintptr_t)command >> 3) % SEEN_SLOTS];

	if (seen->command != command || seen->uid != who.uid || seen->gid != who.gid) {
		*seen = (struct seen){ .command = command, .uid = who.uid, .gid = who.gid };
		seen->script.uid = who.uid;
		seen->script.gid = who.gid;
		seen->refused = !split(c, keyword, line, &seen->script) ||
				!examine(c, keyword, line, &seen->script);
	} else if (seen->refused) {
		conf_diag(c->diags, CONF_SECURITY, line->place, "script-refused", NULL,
			  "%s is disabled too, for the same reason as above: %s", keyword, command);
	}
	if (!seen->refused)
		*out = seen->script;
}

bool
script_resolve_owner(struct conf_completion *c, const char *keyword,
		     const struct conf_script_line *line, uid_t *uid, gid_t *gid)
{
	struct identity who = { true, 0, 0 };

	if (line->user && !resolve_user(c, keyword, line, &who))
		return false;
	*uid = who.uid;
	*gid = who.gid;
	return true;
}
