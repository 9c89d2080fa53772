/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Storing what a row's argument says in the row's target. Reading words is convert.c's, which word
 * belongs to which keyword is keyword.c's. */
#include "config/value.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "lib/hf_time.h"

void
value_store_int(void *target, size_t size, int64_t value)
{
	switch (size) {
	case 1:
		*(uint8_t *)target = (uint8_t)value;
		return;
	case 2:
		*(uint16_t *)target = (uint16_t)value;
		return;
	case 4:
		*(uint32_t *)target = (uint32_t)value;
		return;
	case 8:
		*(uint64_t *)target = (uint64_t)value;
		return;
	default:
		assert(!"a row's target has no integer's size");
	}
}

/* The largest value of a row: its max, or what the target can hold. */
static int64_t
row_max(const struct conf_keyword *row)
{
	if (row->max != 0 || row->min < 0)
		return row->max;
	if (row->size >= 8)
		return INT64_MAX;
	if (row->type == CONF_UINT)
		return (INT64_C(1) << (row->size * 8)) - 1;
	return (INT64_C(1) << (row->size * 8 - 1)) - 1;
}

static int64_t
times_unit(const struct conf_keyword *row, int64_t value)
{
	int64_t ns;

	return __builtin_mul_overflow(value, row->unit_ns, &ns) ? INT64_MAX : ns;
}

const char *
value_expected(const struct conf_keyword *row, char buf[VALUE_EXPECTED_MAX])
{
	char low[VALUE_TIME_MAX], high[VALUE_TIME_MAX], choices[VALUE_CHOICES_MAX];

	buf[0] = '\0';
	if (row->type == CONF_UINT || row->type == CONF_INT) {
		snprintf(buf, VALUE_EXPECTED_MAX, "expected %" PRId64 " to %" PRId64, row->min,
			 row_max(row));
	} else if (row->type == CONF_TIME) {
		value_time_text(times_unit(row, row->min), low);
		value_time_text(times_unit(row, row_max(row)), high);
		snprintf(buf, VALUE_EXPECTED_MAX, "expected %s to %s %sseconds", low, high,
			 row->flags & CONF_WHOLE ? "whole " : "");
	} else if (row->type == CONF_CHOICE) {
		value_choices_text(row->choices, choices);
		snprintf(buf, VALUE_EXPECTED_MAX, "%s", choices);
	}
	size_t len = strlen(buf);

	if (row->doc != NULL) {
		/* The manual's phrase, but its default does not help who set a value. */
		const char *tail = strstr(row->doc, " (default");
		int shown = tail == NULL ? (int)strlen(row->doc) : (int)(tail - row->doc);

		snprintf(buf + len, VALUE_EXPECTED_MAX - len, len == 0 ? "%.*s" : " (%.*s)", shown,
			 row->doc);
	}
	return buf;
}

/* 0 that old versions took, and limits that are kept instead of refused. */
static bool
limit(struct conf_walk *walk, const struct conf_keyword *row, const struct conf_node *node,
      int64_t *value)
{
	int64_t max = row_max(row), limited;
	bool clamp = (row->flags & CONF_CLAMP) != 0;
	bool raise = *value == 0 && row->min > 0 && (row->flags & CONF_ZERO_IS_MIN);

	if (*value >= row->min && *value <= max)
		return true;
	if (raise || (clamp && *value < row->min))
		limited = row->min;
	else if (clamp)
		limited = max;
	else
		return false;
	conf_diag(walk->diags, CONF_WARNING, conf_node_place(node, 1), "value-range", NULL,
		  "%s %s is out of range: %" PRId64 " is used", row->name, node->words[1].text,
		  limited);
	*value = limited;
	return true;
}

static bool
store_number(struct conf_walk *walk, const struct conf_keyword *row, const struct conf_node *node,
	     void *target)
{
	char expected[VALUE_EXPECTED_MAX];
	bool lenient = row->flags & (CONF_ZERO_IS_MIN | CONF_CLAMP);
	int64_t min = lenient ? INT64_MIN : row->min, max = lenient ? INT64_MAX : row_max(row);
	int64_t value = 0;
	uint64_t natural = 0;

	if (row->type == CONF_INT || lenient) {
		if (!value_word_int(walk, node, 1, NULL, min, max, row, &value))
			return false;
	} else {
		if (!value_word_uint(walk, node, 1, NULL, (uint64_t)min, (uint64_t)max, row,
				     &natural))
			return false;
		value = (int64_t)natural;
	}
	if (lenient && !limit(walk, row, node, &value))
		return value_complain(walk, node, 1, NULL, "value-range",
				      value_expected(row, expected), "is out of range");
	value_store_int(target, row->size, value);
	return true;
}

static bool
store_time(struct conf_walk *walk, const struct conf_keyword *row, const struct conf_node *node,
	   void *target)
{
	char expected[VALUE_EXPECTED_MAX], used[VALUE_TIME_MAX];
	bool lenient = row->flags & (CONF_ZERO_IS_MIN | CONF_CLAMP);
	int64_t min = lenient ? 0 : times_unit(row, row->min);
	int64_t max = lenient ? INT64_MAX : times_unit(row, row_max(row)), ns;

	if (!value_word_time(walk, node, 1, NULL, min, max, row, &ns))
		return false;
	if ((row->flags & CONF_WHOLE) && ns % HF_SECONDS(1) != 0)
		return value_complain(walk, node, 1, NULL, "value-syntax",
				      value_expected(row, expected),
				      "is not a whole number of seconds");
	int64_t value = ns / row->unit_ns;

	if (ns % row->unit_ns != 0) {
		value += ns % row->unit_ns >= row->unit_ns / 2;
		if (value < row->min)
			value = row->min;
		value_time_text(times_unit(row, value), used);
		conf_diag(walk->diags, CONF_WARNING, conf_node_place(node, 1), "value-rounded",
			  NULL, "%s %s is finer than possible: %s is used", row->name,
			  node->words[1].text, used);
	}
	if (lenient && !limit(walk, row, node, &value))
		return value_complain(walk, node, 1, NULL, "value-range",
				      value_expected(row, expected), "is out of range");
	value_store_int(target, row->size, value);
	return true;
}

static bool
store_text(struct conf_walk *walk, const struct conf_keyword *row, const struct conf_node *node,
	   void *target)
{
	char expected[VALUE_EXPECTED_MAX];

	if (node->n_words < 2) {
		value_need_word(walk, node, 1, NULL, value_expected(row, expected));
		return false;
	}
	const char *text = node->words[1].text;
	size_t len = strlen(text), max = SIZE_MAX;

	if (row->max > 0)
		max = (size_t)row->max;
	if (row->type == CONF_TEXT && max >= row->size)
		max = row->size - 1;
	if (len < (size_t)row->min || len > max) {
		conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, 1), "value-length",
			  value_expected(row, expected), "%s has %zu bytes, %s %zu", row->name, len,
			  len > max ? "at most" : "at least", len > max ? max : (size_t)row->min);
		return false;
	}
	if (row->type == CONF_STRING) {
		*(const char **)target = conf_arena_str(walk->arena, text);
	} else {
		memset(target, 0, row->size);
		memcpy(target, text, len);
	}
	return true;
}

static bool
store_choice(struct conf_walk *walk, const struct conf_keyword *row, const struct conf_node *node,
	     void *target)
{
	int64_t value;

	if (!conf_word_choice(walk, node, 1, NULL, row->choices, &value))
		return false;
	value_store_int(target, row->size, value);
	return true;
}

static bool
store_switch(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	if (node->n_words > 1)
		return conf_word_bool(walk, node, 1, NULL, target);
	*(bool *)target = true;
	return true;
}

bool
value_store(struct conf_walk *walk, const struct conf_keyword *row, const struct conf_node *node,
	    void *target)
{
	if ((row->flags & CONF_OPTIONAL) && node->n_words == 1 && row->size <= sizeof(int64_t)) {
		if (row->type != CONF_STRING && row->type != CONF_TEXT)
			value_store_int(target, row->size, row->value);
		return true;
	}
	switch (row->type) {
	case CONF_FLAG:
		value_store_int(target, row->size, row->value);
		return true;
	case CONF_SWITCH:
		return store_switch(walk, node, target);
	case CONF_UINT:
	case CONF_INT:
		return store_number(walk, row, node, target);
	case CONF_TIME:
		return store_time(walk, row, node, target);
	case CONF_STRING:
	case CONF_TEXT:
		return store_text(walk, row, node, target);
	case CONF_IFNAME:
		return conf_word_ifname(walk, node, 1, NULL, target);
	case CONF_ADDR:
		return conf_word_addr(walk, node, 1, NULL, target);
	case CONF_PREFIX:
		return conf_word_prefix(walk, node, 1, NULL, target);
	case CONF_CHOICE:
		return store_choice(walk, row, node, target);
	case CONF_SCRIPT:
		return conf_word_script(walk, node, target);
	case CONF_BLOCK:
	case CONF_CUSTOM:
	case CONF_NOT_YET:
		break;
	}
	assert(!"not a scalar row");
	return false;
}
