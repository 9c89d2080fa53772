/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A status at a glance, in 80 columns. Pure: JSON in, text out. Lists of addresses that do not fit
 * go on in the next line.
 */
#include <string.h>

#include "ctl/ctl.h"

#define COLUMNS     80
#define INDENT_TEXT 12 /* where continuation lines of an instance start */
#define WORD_MAX    160

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

static void
print_instance(const struct page *page, const json_t *instance)
{
	const char *state = ctl_text(instance, "state");
	const char *master = ctl_text(instance, "master_address");
	long long priority = number(instance, "priority");
	long long effective = number(instance, "effective_priority");
	char span[CTL_TIME_MAX], prio[48];

	if (effective != 0 && effective != priority)
		snprintf(prio, sizeof(prio), "%lld of %lld", effective, priority);
	else
		snprintf(prio, sizeof(prio), "%lld", priority);
	fprintf(page->out, "  %-15s %s%-10s%s %-12s vrid %-3lld  prio %-10s for %s\n",
		ctl_text(instance, "name"), on(page, state_colour(state)), state, off(page),
		ctl_text(instance, "interface"), number(instance, "vrid"), prio,
		age(page, instance, span));
	if (master[0] != '\0' && strcmp(master, "-") != 0 && strcmp(state, "MASTER") != 0)
		fprintf(page->out, "%*smaster %s\n", INDENT_TEXT, "", master);
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

static void
print_real(const struct page *page, const json_t *real)
{
	bool up = json_is_true(json_object_get(real, "up"));
	const json_t *check = telling_check(real);
	const json_t *latency = json_object_get(check, "latency_ms");
	long long weight = number(real, "weight"), wanted = number(real, "configured_weight");
	char name[WORD_MAX], weights[64], span[CTL_TIME_MAX], took[40] = "";

	server_text(real, name);
	if (weight != wanted && json_object_get(real, "configured_weight") != NULL)
		snprintf(weights, sizeof(weights), "%lld of %lld", weight, wanted);
	else
		snprintf(weights, sizeof(weights), "%lld", weight);
	if (json_is_number(latency) && up)
		snprintf(took, sizeof(took), " %.1f ms", json_number_value(latency));
	fprintf(page->out, "    %-22s %s%-4s%s weight %-8s", name,
		on(page, up ? CTL_GREEN : CTL_RED), up ? "up" : "DOWN", off(page), weights);
	fprintf(page->out, " for %-7s", age(page, real, span));
	if (check != NULL)
		fprintf(page->out, " %s %.40s%s", ctl_text(check, "type"),
			ctl_text(check, "last_result"), took);
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
		fprintf(page->out, "    %-22s sorry server, not in use\n", name);
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
	fprintf(out, "%s, read %lld time%s\n", ctl_text(daemon, "config"),
		number(daemon, "generation"), number(daemon, "generation") == 1 ? "" : "s");
	print_list(&page, "VRRP", vrrp, print_instance);
	print_list(&page, "VIRTUAL SERVERS", virtual, print_virtual);
	if (json_array_size(vrrp) == 0 && json_array_size(virtual) == 0)
		fputs("\nNo vrrp_instance and no virtual_server is running.\n", out);
	print_rooms(&page, json_object_get(daemon, "rooms"));
}
