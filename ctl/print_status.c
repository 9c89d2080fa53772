/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A status at a glance, in 80 columns. Pure: JSON in, text out. Lists of addresses that do not fit
 * go on in the next line.
 */
#include <string.h>

#include "ctl/ctl.h"

#define COLUMNS      80
#define INDENT_TEXT  12 /* where continuation lines of an instance start */
#define NAME_COLUMNS 15
#define PATH_COLUMNS 60
#define WORD_MAX     160

struct page {
	bool colour;
	int64_t now_us;
	FILE *out;
};

static const char *
on(const struct page *page, enum ctl_colour which)
{
	return ctl_colour(page->colour, which);
}

static const char *
off(const struct page *page)
{
	return ctl_colour(page->colour, CTL_PLAIN);
}

static const char *
age(const struct page *page, const json_t *object, char buf[CTL_TIME_MAX])
{
	int64_t since = ctl_time_of(json_object_get(object, "since"));

	return ctl_span_text(since < 0 ? -1 : page->now_us - since, buf);
}

static long long
number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? (long long)json_number_value(value) : 0;
}

static enum ctl_colour
state_colour(const char *state)
{
	if (strcmp(state, "MASTER") == 0)
		return CTL_GREEN;
	return strcmp(state, "FAULT") == 0 ? CTL_RED : CTL_PLAIN;
}

static void
print_heading(const struct page *page, const char *text)
{
	fprintf(page->out, "\n%s%s%s\n", on(page, CTL_BOLD), text, off(page));
}

/* An address may be a text, or an object that has one. */
static const char *
address_text(const json_t *value)
{
	return json_is_string(value) ? json_string_value(value) : ctl_text(value, "address");
}

static void
print_addresses(const struct page *page, const json_t *list)
{
	int column = INDENT_TEXT;
	size_t i;
	json_t *value;

	if (json_array_size(list) == 0)
		return;
	fprintf(page->out, "%*s", INDENT_TEXT, "");
	json_array_foreach((json_t *)list, i, value)
	{
		const char *text = address_text(value);
		int len = (int)strlen(text);

		if (i > 0 && column + len + 2 > COLUMNS) {
			fprintf(page->out, "\n%*s", INDENT_TEXT, "");
			column = INDENT_TEXT;
		} else if (i > 0) {
			fputs("  ", page->out);
			column += 2;
		}
		fputs(text, page->out);
		column += len;
	}
	fputc('\n', page->out);
}

/* What an instance lacks that may not take part. */
static void
print_unmet(const struct page *page, const json_t *list)
{
	size_t i;
	json_t *word;

	if (json_array_size(list) == 0)
		return;
	fprintf(page->out, "%*s%slacks", INDENT_TEXT, "", on(page, CTL_RED));
	json_array_foreach((json_t *)list, i, word)
	{
		fprintf(page->out, "%s %s", i > 0 ? "," : "", json_string_value(word));
	}
	fprintf(page->out, "%s\n", off(page));
}

static void
print_instance(const struct page *page, const json_t *instance)
{
	const char *name = ctl_text(instance, "name"), *state = ctl_text(instance, "state");
	const char *master = ctl_text(instance, "master_address");
	long long priority = number(instance, "priority");
	long long effective = number(instance, "effective_priority");
	char span[CTL_TIME_MAX], prio[48];

	if (effective != 0 && effective != priority)
		snprintf(prio, sizeof(prio), "%lld of %lld", effective, priority);
	else
		snprintf(prio, sizeof(prio), "%lld", priority);
	if (strlen(name) > NAME_COLUMNS) {
		fprintf(page->out, "  %s\n", name);
		name = "";
	}
	fprintf(page->out, "  %-*s %s%-9s%s %-15s vrid %-3lld prio %-10s %s\n", NAME_COLUMNS, name,
		on(page, state_colour(state)), state, off(page), ctl_text(instance, "interface"),
		number(instance, "vrid"), prio, age(page, instance, span));
	if (master[0] != '\0' && strcmp(master, "-") != 0 && strcmp(state, "MASTER") != 0)
		fprintf(page->out, "%*smaster %s\n", INDENT_TEXT, "", master);
	print_unmet(page, json_object_get(instance, "unmet"));
	print_addresses(page, json_object_get(instance, "addresses"));
}

/* "192.0.2.9:80", "[2001:db8::9]:80", "fwmark 7". */
static void
server_text(const json_t *server, char buf[WORD_MAX])
{
	const char *address = address_text(json_object_get(server, "address"));

	if (json_is_string(json_object_get(server, "address")))
		address = ctl_text(server, "address");
	if (number(server, "fwmark") != 0)
		snprintf(buf, WORD_MAX, "fwmark %lld", number(server, "fwmark"));
	else if (strchr(address, ':') != NULL)
		snprintf(buf, WORD_MAX, "[%s]:%lld", address, number(server, "port"));
	else
		snprintf(buf, WORD_MAX, "%s:%lld", address, number(server, "port"));
}

/* The check that decides: the first that is down, else the first. NULL: there is none. */
static const json_t *
telling_check(const json_t *real)
{
	const json_t *checks = json_object_get(real, "checks");
	size_t i;
	json_t *check;

	json_array_foreach((json_t *)checks, i, check)
	{
		if (json_is_false(json_object_get(check, "up")))
			return check;
	}
	return json_array_get(checks, 0);
}

/* "TCP_CHECK connected 0.1 ms", in what is left of the line. */
static void
print_check(const struct page *page, const json_t *check, bool up, int left)
{
	const json_t *latency = json_object_get(check, "latency_ms");
	const char *result = ctl_text(check, "last_result");
	char text[WORD_MAX];
	int len;

	if (check == NULL)
		return;
	len = snprintf(text, sizeof(text), " %s %s", ctl_text(check, "type"), result);
	if (json_is_number(latency) && up && result[0] != '\0' && strcmp(result, "none") != 0 &&
	    len > 0 && len < (int)sizeof(text))
		snprintf(text + len, sizeof(text) - (size_t)len, " %.1f ms",
			 json_number_value(latency));
	fprintf(page->out, "%.*s", left, text);
}

static void
print_real(const struct page *page, const json_t *real)
{
	bool up = json_is_true(json_object_get(real, "up"));
	long long weight = number(real, "weight"), wanted = number(real, "configured_weight");
	char name[WORD_MAX], rest[WORD_MAX], weights[64], span[CTL_TIME_MAX];
	int used;

	server_text(real, name);
	if (weight != wanted && json_object_get(real, "configured_weight") != NULL)
		snprintf(weights, sizeof(weights), "%lld of %lld", weight, wanted);
	else
		snprintf(weights, sizeof(weights), "%lld", weight);
	used = fprintf(page->out, "    %-21s ", name);
	fprintf(page->out, "%s%-4s%s", on(page, up ? CTL_GREEN : CTL_RED), up ? "up" : "DOWN",
		off(page));
	used += 4 +
		snprintf(rest, sizeof(rest), " weight %-6s %-7s", weights, age(page, real, span));
	fputs(rest, page->out);
	print_check(page, telling_check(real), up, used < COLUMNS ? COLUMNS - used : 0);
	fputc('\n', page->out);
}

static void
print_sorry(const struct page *page, const json_t *virtual)
{
	const json_t *sorry = json_object_get(virtual, "sorry_server");
	bool active = json_is_true(json_object_get(virtual, "sorry_active"));
	char name[WORD_MAX] = "";

	if (json_is_object(sorry))
		server_text(sorry, name);
	else if (json_is_string(sorry))
		snprintf(name, sizeof(name), "%s", json_string_value(sorry));
	if (active)
		fprintf(page->out, "    %ssorry server in use%s%s%s\n", on(page, CTL_YELLOW),
			off(page), name[0] != '\0' ? " " : "", name);
	else if (name[0] != '\0')
		fprintf(page->out, "    %-21s sorry server, not in use\n", name);
}

static void
print_virtual(const struct page *page, const json_t *virtual)
{
	bool quorum = json_is_true(json_object_get(virtual, "quorum_up"));
	char name[WORD_MAX];
	size_t i;
	json_t *real;

	server_text(virtual, name);
	fprintf(page->out, "  %-24s %-4s %s/%s  %s%s%s\n", name, ctl_text(virtual, "protocol"),
		ctl_text(virtual, "scheduler"), ctl_text(virtual, "forwarding"),
		on(page, quorum ? CTL_PLAIN : CTL_RED), quorum ? "quorum up" : "QUORUM LOST",
		off(page));
	json_array_foreach(json_object_get(virtual, "real_servers"), i, real)
	{
		print_real(page, real);
	}
	print_sorry(page, virtual);
}

/* A room is worth a line when it is not simply running since the start. */
static bool
is_noteworthy(const json_t *room)
{
	return strcmp(ctl_text(room, "state"), "running") != 0 || number(room, "restarts") != 0 ||
	       json_is_false(json_object_get(room, "answers"));
}

static void
print_rooms(const struct page *page, const json_t *rooms)
{
	bool heading = false;
	size_t i;
	json_t *room;

	json_array_foreach((json_t *)rooms, i, room)
	{
		long long restarts = number(room, "restarts");
		char span[CTL_TIME_MAX];

		if (!is_noteworthy(room))
			continue;
		if (!heading)
			print_heading(page, "ROOMS");
		heading = true;
		fprintf(page->out, "  %-15s %s%-10s%s for %s", ctl_text(room, "name"),
			on(page, CTL_YELLOW), ctl_text(room, "state"), off(page),
			age(page, room, span));
		if (restarts != 0)
			fprintf(page->out, ", restarted %lld time%s", restarts,
				restarts == 1 ? "" : "s");
		if (json_is_false(json_object_get(room, "answers")))
			fprintf(page->out, ", %sdoes not answer%s", on(page, CTL_RED), off(page));
		fputc('\n', page->out);
	}
}

static void
print_list(const struct page *page, const char *heading, const json_t *list,
	   void (*print)(const struct page *page, const json_t *item))
{
	size_t i;
	json_t *item;

	if (json_array_size(list) == 0)
		return;
	print_heading(page, heading);
	json_array_foreach((json_t *)list, i, item)
	{
		print(page, item);
	}
}

/* The file's name; of one that is too long for the line, its end. */
static void
print_path(const struct page *page, const char *path, long long generation)
{
	size_t len = strlen(path);

	if (len > PATH_COLUMNS)
		fprintf(page->out, "...%s", path + len - PATH_COLUMNS + 3);
	else
		fputs(path, page->out);
	fprintf(page->out, " (generation %lld)\n", generation);
}

/* The kernel's table is only worth a line when something about it is wrong. */
static void
print_ipvs(const struct page *page, const json_t *ipvs)
{
	const char *error = ctl_text(ipvs, "last_error");
	long long drift = number(json_object_get(ipvs, "drift"), "found");

	if (error[0] == '\0' && drift == 0)
		return;
	print_heading(page, "IPVS");
	if (error[0] != '\0')
		fprintf(page->out, "  %s%.78s%s\n", on(page, CTL_RED), error, off(page));
	if (drift != 0)
		fprintf(page->out, "  %lld change%s by others found and put back\n", drift,
			drift == 1 ? "" : "s");
}

void
ctl_print_status(const json_t *status, bool colour, int64_t now_us, FILE *out)
{
	const struct page page = { .colour = colour, .now_us = now_us, .out = out };
	const json_t *daemon = json_object_get(status, "daemon");
	const json_t *vrrp = json_object_get(status, "vrrp");
	const json_t *virtual = json_object_get(status, "virtual_servers");
	double uptime = json_number_value(json_object_get(daemon, "uptime_s"));
	char span[CTL_TIME_MAX];

	fprintf(out, "%sHoldfast %s%s  pid %lld  up %s\n", on(&page, CTL_BOLD),
		ctl_text(status, "version"), off(&page), number(daemon, "pid"),
		ctl_span_text((int64_t)(uptime * 1e6), span));
	print_path(&page, ctl_text(daemon, "config"), number(daemon, "generation"));
	print_list(&page, "VRRP", vrrp, print_instance);
	print_list(&page, "VIRTUAL SERVERS", virtual, print_virtual);
	if (json_array_size(vrrp) == 0 && json_array_size(virtual) == 0)
		fputs("\nNo vrrp_instance and no virtual_server is running.\n", out);
	print_ipvs(&page, json_object_get(status, "ipvs"));
	print_rooms(&page, json_object_get(daemon, "rooms"));
}
