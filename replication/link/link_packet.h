/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames between replicas, bytes to struct and back; doc/replication-protocol.md has the layout
 * byte by byte. Pure. A frame is a header of fixed size, a body (the fields of one message) and
 * data (blocks, map pages, digests). Header, body and data have a crc32c each.
 */
#ifndef LINK_PACKET_H
#define LINK_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hf_base.h"
#include "replication/link/link_msg.h"

#define LINK_VERSION      1 /* the newest that this program speaks, */
#define LINK_VERSION_MIN  1 /* and the oldest */
#define LINK_HEADER_BYTES 36
#define LINK_BODY_MAX     2048
#define LINK_DATA_MAX     (4U << 20) /* an extent: no message carries more */
#define LINK_NONCE_BYTES  32
#define LINK_PROOF_BYTES  32
#define LINK_GREETING_MAX 256 /* body of a greeting, with what later versions append */

/*
 * Why a frame was not accepted, a connection was not made or a session ended. One list feeds the
 * enum, the counters, the log and the manual: name, code, meaning.
 */
#define LINK_WHYS(X)                                                                               \
	X(NONE, "accepted", "nothing is wrong")                                                    \
	X(MAGIC, "not-this-protocol", "what answers there does not speak this protocol")           \
	X(HEADER_CRC, "header-damaged", "the checksum of a header is wrong")                       \
	X(BODY_CRC, "message-damaged", "the checksum of a message is wrong")                       \
	X(DATA_CRC, "data-damaged", "the checksum of the data is wrong")                           \
	X(TYPE, "message-type", "a message that this version does not know")                       \
	X(LENGTH, "message-length", "a length that does not fit the message")                      \
	X(FIELD, "message-field", "a field of a message is out of its range")                      \
	X(SEQUENCE, "sequence", "a frame is missing, doubled or of another session")               \
	X(METHOD, "compression", "compressed data that was not agreed or does not unpack")         \
	X(UNEXPECTED, "unexpected", "a message that has no place at this point")                   \
	X(VERSION, "version", "no version of the protocol is known to both")                       \
	X(VOLUME, "other-volume", "the peer's store is of another volume")                         \
	X(NODE, "wrong-node", "the peer is not the node that belongs there")                       \
	X(STALE, "stale-connection", "a connection older than one that the peer made since")       \
	X(AUTH, "authentication", "the peer does not have the same key")                           \
	X(TLS, "tls", "the TLS handshake failed, or the stream was damaged")                       \
	X(CLOSED, "peer-closed", "the peer closed the connection")                                 \
	X(SYSTEM, "network", "the network or the system refused")                                  \
	X(SLOW, "handshake-time", "the handshake was not over in time")                            \
	X(SILENT, "peer-silent", "nothing was heard from the peer for too long")                   \
	X(STALLED, "peer-stalled", "the peer took no data for too long")                           \
	X(QUEUE, "queue-full", "more was to be sent than the queue may hold")                      \
	X(REPLACED, "replaced", "the peer has made a new connection")                              \
	X(CROWDED, "too-many", "too many connections that are not authenticated")                  \
	X(REFUSED, "refused", "the peer refused, see its log")                                     \
	X(ORDERED, "ordered", "this side ended the session on purpose")                            \
	X(STOPPED, "stopped", "this side stops")

enum link_why {
#define LINK_WHY_ENUM(name, code, text) LINK_WHY_##name,
	LINK_WHYS(LINK_WHY_ENUM)
#undef LINK_WHY_ENUM
		LINK_WHY_KINDS
};
const char *link_why_code(enum link_why why);
const char *link_why_text(enum link_why why);

/* How the data of a frame is packed. The number is on the wire; 1 << it is the feature's bit. */
enum link_method { LINK_PLAIN, LINK_LZ4, LINK_ZSTD, LINK_METHODS };
#define LINK_FEATURE_LZ4  (UINT64_C(1) << LINK_LZ4)
#define LINK_FEATURE_ZSTD (UINT64_C(1) << LINK_ZSTD)

struct link_header {
	uint8_t type;      /* enum link_msg_type or enum link_own_type */
	uint8_t method;    /* enum link_method */
	uint16_t body_len; /* bytes */
	uint32_t data_len; /* bytes on the wire */
	uint32_t raw_len;  /* bytes when unpacked; the same for LINK_PLAIN */
	uint64_t sequence; /* of the frame, from 0 in each direction of a session */
	uint32_t body_crc;
	uint32_t data_crc; /* of the unpacked data; 0 without data */
};

/* session: a number that both ends derive from the handshake; what belongs to another session fails
 * the header's checksum. 0 until the handshake is over. */
void link_header_encode(const struct link_header *h, uint32_t session,
			uint8_t bytes[LINK_HEADER_BYTES]);

/* LINK_WHY_NONE: *h is valid, and its lengths are within the bounds above. */
enum link_why link_header_decode(const uint8_t bytes[LINK_HEADER_BYTES], uint32_t session,
				 struct link_header *h);

/* The volume's messages. */

/* Writes the body and fills type, body_len, body_crc, raw_len and data_len (plain) of *h; method,
 * sequence and data_crc are the caller's. Returns the body's length, or -EINVAL for a message that
 * the other side would refuse. */
int link_msg_encode(const struct link_msg *msg, uint8_t body[LINK_BODY_MAX], struct link_header *h);

/* LINK_WHY_NONE: *msg is valid but for its data pointer, which is NULL. */
enum link_why link_msg_decode(const struct link_header *h, const uint8_t *body,
			      struct link_msg *msg);

/* Where the message keeps its data pointer; NULL: this type has none. */
void **link_msg_data(struct link_msg *msg);

/* Bytes of data that belong to the message, unpacked. */
uint32_t link_msg_data_len(const struct link_msg *msg);

/* Is this the number of a message of the volume? Else it is the link's own, or none. */
bool link_type_is_msg(uint8_t type);

/* The link's own messages. */
enum link_own_type {
	LINK_GREETING = 0xe0, /* both, first */
	LINK_PROOF,           /* both, after the other's greeting: the sender has the key */
	LINK_PING,            /* both: nothing else was to be sent for a while */
	LINK_PONG,            /* answer */
	LINK_REJECT,          /* why the sender closes the connection; nothing is decided by it */
	LINK_OWN_END
};

enum link_role { LINK_CONNECTS = 1, LINK_ACCEPTS };

struct link_greeting {
	uint16_t version_min, version_max;
	uint64_t features;
	uint8_t volume_id[VOLUME_ID_BYTES];
	uint8_t from, to; /* nodes */
	uint8_t role;     /* of the sender, enum link_role */
	uint64_t run;     /* drawn when the sender's process started */
	uint64_t attempt; /* goes up with each connection that the process makes */
	uint32_t ping_ms; /* the sender is never silent for longer */
	uint8_t nonce[LINK_NONCE_BYTES];
};

struct link_own {
	enum link_own_type type;
	union {
		struct link_greeting greeting;
		uint8_t proof[LINK_PROOF_BYTES];
		uint64_t ping; /* PING, PONG: comes back unchanged */
		uint8_t why;   /* REJECT: enum link_why */
	};
};

/* As link_msg_encode(). */
int link_own_encode(const struct link_own *own, uint8_t body[LINK_BODY_MAX], struct link_header *h);
enum link_why link_own_decode(const struct link_header *h, const uint8_t *body,
			      struct link_own *own);

#endif
