/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keywords as rows. A block of the configuration is a table of rows; conf_walk_root() looks each
 * statement up, checks and converts its arguments, and stores them at the row's offset in the
 * struct that the block fills. It reports what is wrong with its place: unknown, misplaced,
 *repeated and not yet supported keywords, missing and surplus arguments, values out of range.
 *
 *	static const struct conf_keyword instance_rows[] = {
 *		{ "priority", CONF_UINT, CONF_INTO(struct instance_draft, priority), .min = 1,
 *		  .max = 255, .doc = "255 is the address owner" },
 *	};
 *	static const struct conf_block instance_block = {
 *		.context = "vrrp_instance", .rows = instance_rows,
 *		.n_rows = HF_COUNT_OF(instance_rows), .open = instance_open,
 *	};
 *	static const struct conf_keyword root_rows[] = {
 *		{ "vrrp_instance", CONF_BLOCK, .block = &instance_block, .min = 1, .max = 1,
 *		  .flags = CONF_REPEATABLE, .doc = "one virtual router" },
 *	};
 *
 * Reason codes given here: keyword-unknown, keyword-misplaced, keyword-unsupported,
 * keyword-repeated, argument-missing, argument-extra, value-syntax, value-range, value-unknown,
 * value-length, block-missing, block-unexpected.
 */
#ifndef CONF_KEYWORD_H
#define CONF_KEYWORD_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/arena.h"
#include "config/diag.h"
#include "config/tree.h"
#include "lib/hf_addr.h"

#define CONF_ROWS_MAX   200 /* rows of one block */
#define CONF_BLOCKS_MAX 64  /* different blocks of one walk */

enum conf_type {
	CONF_FLAG,   /* no argument: stores .value (a bool, enum or integer of the target's size) */
	CONF_SWITCH, /* bool: bare is true; true on yes false off no */
	CONF_UINT, /* unsigned integer of the target's size (1, 2, 4 or 8 bytes); 0x and 0 prefixes
		      with CONF_ANY_BASE */
	CONF_INT,  /* signed integer of the target's size */
	CONF_TIME, /* seconds, up to 6 decimals (none with CONF_WHOLE), stored as multiples of
		      .unit_ns (1: the target is in ns) in an integer of the target's size;
		      min and max count the same units. Finer than the unit: rounded, with a warning
		    */
	CONF_STRING,  /* const char *: copied into the arena; min and max bytes (max 0: no limit) */
	CONF_TEXT,    /* char array in the target: has to fit with its NUL */
	CONF_IFNAME,  /* char array of IFNAMSIZ; only whether the name can be one is checked */
	CONF_ADDR,    /* struct hf_addr */
	CONF_PREFIX,  /* struct hf_prefix */
	CONF_CHOICE,  /* one of .choices; stored as integer of the target's size */
	CONF_SCRIPT,  /* struct conf_script_line */
	CONF_BLOCK,   /* .block; min and max count the arguments */
	CONF_CUSTOM,  /* .set does it; min and max count the arguments */
	CONF_NOT_YET, /* warns that it has no effect yet, adding .doc when not NULL; skips its block
		       */
};

enum conf_row_flags {
	CONF_REPEATABLE = 1,   /* standing twice is normal */
	CONF_FIRST_WINS = 2,   /* a repetition is ignored (else: the last one wins); both warn */
	CONF_WHOLE = 4,        /* CONF_TIME: whole seconds only */
	CONF_OPTIONAL = 8,     /* the argument may be missing: then .value is stored */
	CONF_ZERO_IS_MIN = 16, /* 0, which old versions took, is raised to .min with a warning */
	CONF_CLAMP = 32,       /* out of range: limited, with a warning */
	CONF_ANY_BASE = 64,    /* C notation of integers */
	CONF_EXTRA_ARGS =
		128,         /* .set looks at further arguments itself (CONF_CUSTOM: no maximum) */
	CONF_INTERNAL = 256, /* accepted in plain text only (what the printers write); nobody is
				told of it */
	CONF_BLOCK_OPTIONAL = 512, /* CONF_CUSTOM: a "{" may follow; .set reads node->first */
	CONF_RAW = 1024,           /* CONF_CUSTOM: .set reads node->raw; quotes are its business */
};

struct conf_choice {
	const char *name; /* the table ends with NULL */
	int64_t value;
};

/* A script as written: the first word (or quoted string) is the whole command. */
struct conf_script_line {
	const char *command; /* NULL: none. Split it with conf_shell_split(CONF_SHELL_DECODE) */
	const char *user;    /* NULL: not given */
	const char *group;
	struct conf_place place; /* of the command */
	struct conf_place user_place, group_place;
};

struct conf_walk;
struct conf_block;

struct conf_keyword {
	const char *name;
	enum conf_type type;
	unsigned flags;      /* enum conf_row_flags */
	size_t offset, size; /* CONF_INTO() */
	int64_t min, max;
	const char *doc; /* one phrase for the manual, "explain" and behind the carets; without full
			    stop */
	int64_t unit_ns; /* CONF_TIME */
	int64_t value;   /* CONF_FLAG, CONF_OPTIONAL */
	const struct conf_choice *choices;
	const struct conf_block *block;
	/* CONF_CUSTOM: reads the node and fills target (the block's struct + offset when CONF_INTO
	 * was used). For all other types, when not NULL: called after the value was stored. */
	void (*set)(struct conf_walk *walk, const struct conf_node *node, void *target);
};

/* clang-format off */
#define CONF_INTO(struct_type, field) \
	.offset = offsetof(struct_type, field), .size = sizeof(((struct_type *)0)->field)
/* clang-format on */

/* Which rows of a block were set, and where (the last time). */
struct conf_seen {
	const struct conf_keyword *row;
	struct conf_place place; /* of the first argument, else of the keyword */
};
struct conf_seen_list {
	size_t n;
	const struct conf_seen *items;
};

struct conf_block {
	const char *context; /* as in known.h; "" for the root */
	const struct conf_keyword *rows;
	size_t n_rows;
	/* Called with the struct of the surrounding block: returns the one that the rows fill. NULL
	 * result: the block was refused (with a diagnostic) and is skipped. No open: the rows fill
	 * the surrounding struct, at the offset of the block's own row. */
	void *(*open)(struct conf_walk *walk, const struct conf_node *node, void *parent);
	/* Called when the block has been read (the root's: with node NULL). */
	void (*close)(struct conf_walk *walk, const struct conf_node *node, void *target);
	/* Not NULL: the block is a list and has no keywords; called for each line. */
	void (*line)(struct conf_walk *walk, const struct conf_node *node, void *target);
	/* The struct has a struct conf_seen_list at this offset, filled before close(). */
	bool has_seen;
	size_t seen_offset;
};

/* What setters get. The caller may set plain after conf_walk_new(). */
struct conf_walk {
	struct conf_diags *diags;
	struct conf_arena *arena; /* what the model keeps */
	void *user;
	bool plain; /* CONF_INTERNAL rows count */
	struct conf_walk_state *state;
};

/* root and target stay the caller's and must outlive the walk. */
struct conf_walk *conf_walk_new(struct conf_diags *diags, struct conf_arena *arena, void *user,
				const struct conf_block *root, void *target);

/* Walks one root statement: a conf_root_fn, with the walk as arg. */
void conf_walk_root(void *walk, const struct conf_node *node);

/* Fills the root's seen list and calls its close(). Frees the walk. */
void conf_walk_end(struct conf_walk *walk);

/* For CONF_CUSTOM setters: walks node's block by these rows. */
void conf_walk_block(struct conf_walk *walk, const struct conf_block *block,
		     const struct conf_node *node, void *target);

/* Was the row of this name set? where may be NULL. */
bool conf_was_set(const struct conf_seen_list *seen, const char *name, struct conf_place *where);

/*
 * Converters for custom setters: the word-th word of the node (0 is the keyword), checked and
 * reported as rows are. They return false, with a diagnostic and *out unchanged, when it is missing
 * or wrong. what names the value in the message ("port"); NULL: the keyword.
 */
bool conf_word_uint(struct conf_walk *walk, const struct conf_node *node, size_t word,
		    const char *what, uint64_t min, uint64_t max, uint64_t *out);
bool conf_word_int(struct conf_walk *walk, const struct conf_node *node, size_t word,
		   const char *what, int64_t min, int64_t max, int64_t *out);
/* Seconds with up to 6 decimals, to ns; min and max in ns. */
bool conf_word_time(struct conf_walk *walk, const struct conf_node *node, size_t word,
		    const char *what, int64_t min_ns, int64_t max_ns, int64_t *out_ns);
bool conf_word_bool(struct conf_walk *walk, const struct conf_node *node, size_t word,
		    const char *what, bool *out);
bool conf_word_addr(struct conf_walk *walk, const struct conf_node *node, size_t word,
		    const char *what, struct hf_addr *out);
bool conf_word_prefix(struct conf_walk *walk, const struct conf_node *node, size_t word,
		      const char *what, struct hf_prefix *out);
bool conf_word_ifname(struct conf_walk *walk, const struct conf_node *node, size_t word,
		      const char *what, char out[IFNAMSIZ]);
bool conf_word_choice(struct conf_walk *walk, const struct conf_node *node, size_t word,
		      const char *what, const struct conf_choice *choices, int64_t *out);
/* Reads a script from the node's raw text (see behaviour of struct conf_script_line). */
bool conf_word_script(struct conf_walk *walk, const struct conf_node *node,
		      struct conf_script_line *out);

/* Warns about words from the n-th on: "ignored: ...". */
void conf_extra_words(struct conf_walk *walk, const struct conf_node *node, size_t n);

/* Warns, once for each name, that a word has no effect yet. */
void conf_not_supported(struct conf_walk *walk, const struct conf_node *node, size_t word);

#endif
