/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A replica's stores seen from outside: what lies on them, making a new replica, reading one at the
 * start or on a bad day. These wait for the disk: for commands and for a process that does not yet
 * serve. While a volume runs, volume_meta_live.h writes.
 */
#ifndef VOLUME_META_STORE_H
#define VOLUME_META_STORE_H

#include "replication/volume/volume_actlog.h"
#include "replication/volume/volume_dirty.h"
#include "replication/volume/volume_io.h"
#include "replication/volume/volume_meta.h"

#define VOLUME_META_FOUND_MAX 160

/* What a store carries already; text "" when nothing was recognised. */
struct volume_meta_found {
	char text[VOLUME_META_FOUND_MAX]; /* "an ext4 filesystem", "volume data of node beta" */
	uint64_t end;                     /* bytes that it needs; 0: cannot be told */
	bool volume;                      /* it is a replica of ours */
};

struct volume_meta_create {
	const char *data;   /* path of the store */
	const char *meta;   /* path for external metadata, or NULL */
	const char *volume; /* names, shorter than VOLUME_META_NAME_MAX */
	const char *node_name;
	uint8_t volume_id[VOLUME_ID_BYTES]; /* the same on every node */
	uint8_t node, n_nodes;
	uint64_t size_blocks; /* 0: the largest that fits */
	uint32_t al_slots;
	bool take_over; /* keep what is there as the volume's data */
	bool force;     /* overwrite what is there */
};

/*
 * Makes this node's replica: empty log and maps, then the superblock, so that an interrupted
 * creation leaves no volume. Refuses (-EEXIST) a store that carries something, unless forced, and
 * says what; a take-over with internal metadata needs room behind the existing data. 0 and *made,
 * or a negative errno and a sentence in why.
 */
HF_MUST_CHECK int volume_meta_create(const struct volume_meta_create *how, struct volume_meta *made,
				     char why[VOLUME_IO_WHY_MAX]);

/* Recognises filesystems, partition tables, other formats (libblkid), and volumes. */
HF_MUST_CHECK int volume_meta_inspect(const char *path, struct volume_meta_found *found,
				      char why[VOLUME_IO_WHY_MAX]);

/* All of a replica's metadata in memory. */
struct volume_meta_store {
	struct volume_meta meta;
	struct volume_meta_layout layout;
	unsigned int stale; /* the copy of the superblock to be written first */
	struct volume_actlog *actlog;
	struct volume_dirty *dirty[VOLUME_NODES_MAX]; /* NULL for this node and above n_nodes */
	bool actlog_damaged;                          /* then every map is all dirty */
	uint32_t pages_damaged;                       /* each counts as all dirty */
};

/*
 * Reads the replica whose metadata lies on this store (path of the data when internal). shared: do
 * not claim it, for a look while a volume may be running. -ENODATA: there is none; -EUCLEAN: there
 * is one that cannot be used, with the finding in words. *out is freed by volume_meta_store_free().
 */
HF_MUST_CHECK int volume_meta_load(const char *path, bool shared, struct volume_meta_store **out,
				   char why[VOLUME_IO_WHY_MAX]);
void volume_meta_store_free(struct volume_meta_store *store); /* NULL is fine */

#endif
