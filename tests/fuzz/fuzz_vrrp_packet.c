/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever arrives on protocol 112: the codec stays within the bytes, what it accepts is what a
 * peer would have encoded, and the engine takes any accepted advert in every state. The first byte
 * chooses what is expected; the rest is an IPv4 packet as a raw socket delivers it, or an IPv6
 * payload.
 */
#include <assert.h>
#include <string.h>

#include "vrrp/vrrp_engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define CHOOSE_V2   0x01
#define CHOOSE_V3   0x02
#define CHOOSE_IPV6 0x04
#define CHOOSE_UNI  0x08

static const struct vrrp_address_model address = {
	.prefix = { .addr = { AF_INET, { 192, 0, 2, 100 } }, .len = 32 },
	.ifname = "eth0",
};

static void
accepted_is_consistent(const uint8_t *payload, size_t len, const struct vrrp_rx *rx,
		       const struct vrrp_advert *advert)
{
	uint8_t vrid, version;

	assert(vrrp_packet_peek(payload, len, &vrid, &version));
	assert(vrid == advert->vrid);
	assert(version == advert->version);
	assert(rx->version == 0 || rx->version == version);
	assert(version == 2 || version == 3);
	assert(version == 2 || advert->max_advertise_cs > 0);
	assert(!advert->addresses_match || advert->count == rx->n_addresses);
	assert(len >= 8 + (size_t)advert->count * (rx->source.family == AF_INET6 ? 16 : 4));
}

/* As backup, then as active, then while leaving: the engine's own asserts are the test. */
static void
engine_takes_it(const struct vrrp_advert *advert)
{
	struct vrrp_instance_model model = {
		.name = "VI",
		.version = advert->version,
		.priority = 100,
		.preempt = true,
		.advert_cs = 100,
		.down_timer_adverts = 3,
		.garp = { .master_repeat = 5, .lower_prio_repeat = 5 },
		.n_addresses = 1,
		.addresses = &address,
	};
	struct vrrp_event ev = { .type = VRRP_EV_STARTUP };
	struct vrrp_actions out = { 0 };
	struct vrrp_instance inst;
	hf_time now = { HF_SECONDS(1) };

	vrrp_instance_init(&inst, &model);
	vrrp_handle(&inst, &ev, now, &out);
	ev = (struct vrrp_event){ .type = VRRP_EV_ADVERT, .advert = *advert };
	vrrp_handle(&inst, &ev, now, &out);
	assert(inst.state == VRRP_BACKUP);
	now = vrrp_next_due(&inst);
	vrrp_handle(&inst, &(struct vrrp_event){ .type = VRRP_EV_TIMER }, now, &out);
	assert(inst.state == VRRP_ACTIVE);
	vrrp_handle(&inst, &ev, now, &out);
	vrrp_handle(&inst,
		    &(struct vrrp_event){ .type = VRRP_EV_SHUTDOWN, .why = VRRP_WHY_STOPPED }, now,
		    &out);
	vrrp_handle(&inst, &ev, now, &out);
	vrrp_actions_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (len < 1)
		return 0;

	uint8_t choice = bytes[0];
	struct vrrp_rx rx = {
		.source = { AF_INET6, { 0xfe, 0x80, [15] = 1 } },
		.destination = { AF_INET6, { 0xff, 0x02, [15] = 0x12 } },
		.ttl = 255,
		.multicast = !(choice & CHOOSE_UNI),
		.advert_cs = 100,
		.n_addresses = 1,
		.addresses = &address,
		.checksum_done = choice & CHOOSE_IPV6,
	};
	const uint8_t *payload = bytes + 1;
	size_t payload_len = len - 1;
	struct vrrp_advert advert;

	if (choice & CHOOSE_V2)
		rx.version = 2;
	else if (choice & CHOOSE_V3)
		rx.version = 3;
	if (!(choice & CHOOSE_IPV6) && vrrp_packet_split_ipv4(bytes + 1, len - 1, &rx, &payload,
							      &payload_len) != VRRP_DROP_NONE)
		return 0;
	assert(payload >= bytes + 1);
	assert(payload + payload_len <= bytes + len);
	rx.peers = &rx.source;
	rx.n_peers = 1;
	if (vrrp_packet_decode(payload, payload_len, &rx, &advert) != VRRP_DROP_NONE)
		return 0;
	accepted_is_consistent(payload, payload_len, &rx, &advert);
	engine_takes_it(&advert);
	return 0;
}
