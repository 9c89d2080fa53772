/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words to numbers, times, addresses and choices, each with its complaint. What rows make of them
 * is value.c's. */
#include "config/value.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/shell_words.h"
#include "config/suggest.h"

#define FRACTION_DIGITS 6 /* of a second */

/* --- numbers --- */

enum number { NUMBER_FINE, NUMBER_BAD, NUMBER_HUGE };

static enum number
parse_digits(const char *text, int base, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return NUMBER_BAD;
	errno = 0;
	unsigned long long value = strtoull(text, &end, base);

	if (*end != '\0')
		return NUMBER_BAD;
	*out = value;
	return errno == ERANGE ? NUMBER_HUGE : NUMBER_FINE;
}

static enum number
parse_int(const char *text, int base, int64_t *out)
{
	bool negative = *text == '-';
	uint64_t value = 0;
	enum number kind = parse_digits(text + (negative || *text == '+'), base, &value);

	if (kind == NUMBER_FINE && value > INT64_MAX)
		kind = NUMBER_HUGE;
	if (kind == NUMBER_HUGE)
		value = INT64_MAX;
	*out = negative ? -(int64_t)value : (int64_t)value;
	return kind;
}

/* Seconds with decimals. Too many decimals and too large are both NUMBER_BAD's and _HUGE's. */
static enum number
parse_time(const char *text, int64_t *out_ns)
{
	uint64_t seconds = 0, nanos = 0, scale = 1000000000;
	const char *at = text;

	for (; *at >= '0' && *at <= '9'; at++) {
		if (seconds > INT64_MAX / 10000000000)
			return strspn(at, "0123456789.") == strlen(at) ? NUMBER_HUGE : NUMBER_BAD;
		seconds = seconds * 10 + (uint64_t)(*at - '0');
	}
	bool whole = at > text;

	if (*at == '.') {
		size_t digits = strspn(++at, "0123456789");

		if (digits > FRACTION_DIGITS || (!whole && digits == 0))
			return NUMBER_BAD;
		for (; *at >= '0' && *at <= '9'; at++) {
			scale /= 10;
			nanos += (uint64_t)(*at - '0') * scale;
		}
	} else if (!whole) {
		return NUMBER_BAD;
	}
	if (*at != '\0')
		return NUMBER_BAD;
	if (seconds > INT64_MAX / 1000000000 - 1)
		return NUMBER_HUGE;
	*out_ns = (int64_t)(seconds * 1000000000 + nanos);
	return NUMBER_FINE;
}

/* --- complaints --- */

/* The word; a missing one is reported. */
const char *
value_need_word(struct conf_walk *walk, const struct conf_node *node, size_t word, const char *what,
		const char *expected)
{
	if (word < node->n_words)
		return node->words[word].text;
	if (what == NULL)
		conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, word), "argument-missing",
			  expected, "%s needs a value", node->words[0].text);
	else
		conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, word), "argument-missing",
			  expected, "%s: the %s is missing", node->words[0].text, what);
	return NULL;
}

bool
value_complain(struct conf_walk *walk, const struct conf_node *node, size_t word, const char *what,
	       const char *code, const char *expected, const char *problem)
{
	conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, word), code, expected, "%s %s %s",
		  what == NULL ? node->words[0].text : what, node->words[word].text, problem);
	return false;
}

void
value_time_text(int64_t ns, char buf[VALUE_TIME_MAX])
{
	int len = snprintf(buf, VALUE_TIME_MAX, "%" PRId64 ".%06" PRId64, ns / 1000000000,
			   ns % 1000000000 / 1000);

	while (len > 0 && buf[len - 1] == '0')
		buf[--len] = '\0';
	if (len > 0 && buf[len - 1] == '.')
		buf[--len] = '\0';
}

void
value_choices_text(const struct conf_choice *choices, char buf[VALUE_CHOICES_MAX])
{
	size_t len = (size_t)snprintf(buf, VALUE_CHOICES_MAX, "expected ");

	for (const struct conf_choice *choice = choices; choice->name != NULL; choice++) {
		const char *before = choice == choices        ? ""
				     : choice[1].name == NULL ? " or "
							      : ", ";
		size_t wanted = strlen(before) + strlen(choice->name);

		if (len + wanted + sizeof(", ..") > VALUE_CHOICES_MAX) {
			snprintf(buf + len, VALUE_CHOICES_MAX - len, ", ..");
			return;
		}
		len += (size_t)snprintf(buf + len, VALUE_CHOICES_MAX - len, "%s%s", before,
					choice->name);
	}
}

/* --- converters --- */

/* What was expected is put together only for a complaint: numbers are read far more often. */
static bool
refuse(struct conf_walk *walk, const struct conf_node *node, size_t word, const char *what,
       const char *expected, enum number kind, const char *syntax)
{
	if (value_need_word(walk, node, word, what, expected) == NULL)
		return false;
	if (kind == NUMBER_BAD)
		return value_complain(walk, node, word, what, "value-syntax", expected, syntax);
	return value_complain(walk, node, word, what, "value-range", expected, "is out of range");
}

/* row (may be NULL) describes what is expected, with the manual's phrase. */
bool
value_word_uint(struct conf_walk *walk, const struct conf_node *node, size_t word, const char *what,
		uint64_t min, uint64_t max, const struct conf_keyword *row, uint64_t *out)
{
	char expected[VALUE_EXPECTED_MAX];
	const char *digits = word < node->n_words ? node->words[word].text : "";
	bool negative = digits[0] == '-' && digits[1] >= '0' && digits[1] <= '9';
	int base = row != NULL && (row->flags & CONF_ANY_BASE) ? 0 : 10;
	uint64_t value = 0;
	enum number kind = parse_digits(digits + negative, base, &value);

	if (kind == NUMBER_FINE && !negative && value >= min && value <= max) {
		*out = value;
		return true;
	}
	if (row == NULL)
		snprintf(expected, sizeof(expected), "expected %" PRIu64 " to %" PRIu64, min, max);
	else
		value_expected(row, expected);
	return refuse(walk, node, word, what, expected, kind, "is not a whole number");
}

bool
conf_word_uint(struct conf_walk *walk, const struct conf_node *node, size_t word, const char *what,
	       uint64_t min, uint64_t max, uint64_t *out)
{
	return value_word_uint(walk, node, word, what, min, max, NULL, out);
}

bool
value_word_int(struct conf_walk *walk, const struct conf_node *node, size_t word, const char *what,
	       int64_t min, int64_t max, const struct conf_keyword *row, int64_t *out)
{
	char expected[VALUE_EXPECTED_MAX];
	const char *digits = word < node->n_words ? node->words[word].text : "";
	int base = row != NULL && (row->flags & CONF_ANY_BASE) ? 0 : 10;
	int64_t value = 0;
	enum number kind = parse_int(digits, base, &value);

	if (kind == NUMBER_FINE && value >= min && value <= max) {
		*out = value;
		return true;
	}
	if (row == NULL)
		snprintf(expected, sizeof(expected), "expected %" PRId64 " to %" PRId64, min, max);
	else
		value_expected(row, expected);
	return refuse(walk, node, word, what, expected, kind, "is not a whole number");
}

bool
conf_word_int(struct conf_walk *walk, const struct conf_node *node, size_t word, const char *what,
	      int64_t min, int64_t max, int64_t *out)
{
	return value_word_int(walk, node, word, what, min, max, NULL, out);
}

bool
value_word_time(struct conf_walk *walk, const struct conf_node *node, size_t word, const char *what,
		int64_t min_ns, int64_t max_ns, const struct conf_keyword *row, int64_t *out_ns)
{
	char low[VALUE_TIME_MAX], high[VALUE_TIME_MAX], expected[VALUE_EXPECTED_MAX];
	const char *digits = word < node->n_words ? node->words[word].text : "";
	int64_t value = 0;
	enum number kind = parse_time(digits, &value);

	if (kind == NUMBER_FINE && value >= min_ns && value <= max_ns) {
		*out_ns = value;
		return true;
	}
	if (row == NULL) {
		value_time_text(min_ns, low);
		value_time_text(max_ns, high);
		snprintf(expected, sizeof(expected), "expected %s to %s seconds", low, high);
	} else {
		value_expected(row, expected);
	}
	return refuse(walk, node, word, what, expected, kind,
		      "is not a time in seconds (at most 6 decimals)");
}

bool
conf_word_time(struct conf_walk *walk, const struct conf_node *node, size_t word, const char *what,
	       int64_t min_ns, int64_t max_ns, int64_t *out_ns)
{
	return value_word_time(walk, node, word, what, min_ns, max_ns, NULL, out_ns);
}

bool
conf_word_bool(struct conf_walk *walk, const struct conf_node *node, size_t word, const char *what,
	       bool *out)
{
	static const struct conf_choice words[] = {
		{ "true", true }, { "on", true },  { "yes", true }, { "false", false },
		{ "off", false }, { "no", false }, { NULL, 0 },
	};
	int64_t value;

	if (!conf_word_choice(walk, node, word, what, words, &value))
		return false;
	*out = value != 0;
	return true;
}

bool
conf_word_addr(struct conf_walk *walk, const struct conf_node *node, size_t word, const char *what,
	       struct hf_addr *out)
{
	static const char expected[] = "expected an IPv4 or IPv6 address";
	const char *text = value_need_word(walk, node, word, what, expected);

	if (text == NULL)
		return false;
	if (hf_addr_parse(text, out) == 0)
		return true;
	return value_complain(walk, node, word, what, "value-syntax", expected,
			      "is not an address");
}

bool
conf_word_prefix(struct conf_walk *walk, const struct conf_node *node, size_t word,
		 const char *what, struct hf_prefix *out)
{
	static const char expected[] = "expected ADDRESS or ADDRESS/BITS";
	const char *text = value_need_word(walk, node, word, what, expected);

	if (text == NULL)
		return false;
	switch (hf_prefix_parse(text, out)) {
	case 0:
		return true;
	case -ERANGE:
		return value_complain(walk, node, word, what, "value-range",
				      "expected at most 32 bits for IPv4, 128 for IPv6",
				      "has too long a prefix");
	default:
		return value_complain(walk, node, word, what, "value-syntax", expected,
				      "is not an address");
	}
}

bool
conf_word_ifname(struct conf_walk *walk, const struct conf_node *node, size_t word,
		 const char *what, char out[IFNAMSIZ])
{
	static const char expected[] = "expected the name of an interface";
	const char *text = value_need_word(walk, node, word, what, expected);

	if (text == NULL)
		return false;
	size_t len = strlen(text);

	if (len == 0 || len >= IFNAMSIZ || strpbrk(text, "/: \t\n") != NULL ||
	    strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return value_complain(walk, node, word, what, "value-syntax", expected,
				      len >= IFNAMSIZ
					      ? "is longer than an interface name can be (15)"
					      : "cannot be the name of an interface");
	memset(out, 0, IFNAMSIZ);
	memcpy(out, text, len + 1);
	return true;
}

bool
conf_word_choice(struct conf_walk *walk, const struct conf_node *node, size_t word,
		 const char *what, const struct conf_choice *choices, int64_t *out)
{
	char expected[VALUE_CHOICES_MAX],
		with_guess[VALUE_CHOICES_MAX + CONF_SUGGEST_WORD_MAX + 32];

	if (word < node->n_words) {
		for (const struct conf_choice *choice = choices; choice->name != NULL; choice++) {
			if (strcmp(choice->name, node->words[word].text) == 0) {
				*out = choice->value;
				return true;
			}
		}
	}
	value_choices_text(choices, expected);
	const char *text = value_need_word(walk, node, word, what, expected);

	if (text == NULL)
		return false;
	struct conf_suggestion guess = { .word = text };

	bool shown = conf_diags_count(walk->diags, CONF_ERROR) < CONF_DIAGS_MAX;

	for (const struct conf_choice *choice = choices; shown && choice->name != NULL; choice++)
		conf_suggest_offer(&guess, choice->name);
	snprintf(with_guess, sizeof(with_guess), guess.best == NULL ? "%s" : "%s; did you mean %s?",
		 expected, guess.best);
	return value_complain(walk, node, word, what, "value-unknown", with_guess, "is unknown");
}

/* The place of the n-th shell word of the node's raw text. */
static struct conf_place
script_place(const struct conf_node *node, const struct conf_shell_words *words, size_t n)
{
	struct conf_place place = conf_raw_place(node);

	for (size_t i = 0; i < node->n_words; i++) {
		if (node->words[i].flags & CONF_WORD_EXPANDED)
			return place; /* columns of the raw text are not those of the file */
	}
	place.column += words->at[n];
	place.length = words->length[n];
	return place;
}

bool
conf_word_script(struct conf_walk *walk, const struct conf_node *node, struct conf_script_line *out)
{
	struct conf_place place = conf_raw_place(node);
	struct conf_shell_words words;
	uint32_t bad_at;
	const char *why =
		conf_shell_split(walk->arena, node->raw, CONF_SHELL_KEEP, &words, &bad_at);

	if (why != NULL) {
		conf_diag(walk->diags, CONF_ERROR, place, "script-syntax", NULL, "%s: %s",
			  node->words[0].text, why);
		return false;
	}
	if (words.n == 0 || words.words[0][0] == '\0') {
		conf_diag(walk->diags, CONF_ERROR, place, "argument-missing",
			  "expected SCRIPT or \"SCRIPT ARGUMENTS\", then USER and GROUP if need be",
			  "%s needs a script", node->words[0].text);
		return false;
	}
	*out = (struct conf_script_line){
		.command = words.words[0],
		.place = script_place(node, &words, 0),
	};
	if (words.n > 1) {
		out->user = words.words[1];
		out->user_place = script_place(node, &words, 1);
	}
	if (words.n > 2) {
		out->group = words.words[2];
		out->group_place = script_place(node, &words, 2);
	}
	if (words.n > 3)
		conf_diag(
			walk->diags, CONF_WARNING, script_place(node, &words, 3), "argument-extra",
			"put quotes around the script and its arguments",
			"%s: only USER and GROUP can stand behind the script; the rest is ignored",
			node->words[0].text);
	return true;
}
