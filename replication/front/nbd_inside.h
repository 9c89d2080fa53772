/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the NBD engine know of each other: input (nbd_engine.c), options
 * (nbd_options.c), replies (nbd_reply.c). Nobody else includes this. */
#ifndef NBD_INSIDE_H
#define NBD_INSIDE_H

#include "replication/front/nbd_engine.h"

/* nbd_options.c: e->option and e->option_data hold a complete option; answers it. */
void nbd_option_done(struct nbd_engine *e);
void nbd_option_refuse(struct nbd_engine *e, uint32_t reply, const char *text);
uint16_t nbd_transmission_flags(const struct nbd_engine *e);

/* nbd_engine.c */
void nbd_enter_transmission(struct nbd_engine *e);
bool nbd_cut(struct nbd_engine *e); /* makes pieces while there is something to make them from */
void nbd_piece_release(struct nbd_engine *e, struct nbd_piece *piece);
void nbd_slot_release(struct nbd_engine *e, struct nbd_slot *slot);
void nbd_drained(struct nbd_engine *e); /* closes a connection that drains and is empty */

/* nbd_reply.c */
void nbd_hello_send(struct nbd_engine *e, size_t len);       /* queues so many bytes of e->hello */
void nbd_reply(struct nbd_engine *e, struct nbd_slot *slot); /* its end: slot->error or success */
void nbd_read_progress(struct nbd_engine *e, struct nbd_slot *slot);
void nbd_reply_status(struct nbd_engine *e, struct nbd_slot *slot); /* BLOCK_STATUS */
void nbd_outs_drop(struct nbd_engine *e); /* forgets all that is to be sent */

#endif
