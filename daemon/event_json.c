/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes as JSON. Not here: who reads them (control.c), the log's form of them (lib/hf_change.c).
 */
#include "daemon/event_json.h"

#include "lib/hf_time.h"

#define TEXT_MAX 256 /* more than any text field of a change */

/* A JSON string of any bytes: what jansson refuses is shown with '?' for each foreign byte. */
static json_t *
text_json(const char *text)
{
	json_t *value = json_string(text);
	char plain[TEXT_MAX];
	size_t len = 0;

	if (value != NULL)
		return value;
	for (; text[len] != '\0' && len < sizeof(plain) - 1; len++) {
		plain[len] = text[len];
		if ((unsigned char)text[len] >= 0x80)
			plain[len] = '?';
	}
	plain[len] = '\0';
	return json_string(plain);
}

json_t *
event_json(const struct hf_change *c)
{
	char when[HF_WALL_TEXT_MAX];

	return json_pack("{s:I, s:I, s:s, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
			 (json_int_t)c->id, "cause", (json_int_t)c->cause, "time",
			 hf_wall_text(c->wall_us, when), "mono_ns", (json_int_t)c->mono_ns, "level",
			 hf_log_level_name((enum hf_log_level)c->level), "room", text_json(c->room),
			 "subject", text_json(c->subject), "from", text_json(c->from), "to",
			 text_json(c->to), "reason", text_json(c->reason), "detail",
			 text_json(c->detail));
}

json_t *
event_json_from(const struct journal *journal, size_t from)
{
	json_t *events = json_array();
	json_t *answer;

	for (size_t i = from; i < journal_count(journal); i++) {
		if (json_array_append_new(events, event_json(journal_at(journal, i))) != 0) {
			json_decref(events);
			return NULL;
		}
	}
	answer = json_pack("{s:i, s:o}", "schema", 1, "events", events);
	return answer;
}
