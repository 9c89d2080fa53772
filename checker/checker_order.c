/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the checker's model to ipvs/'s structs. All padding is zero, so memcmp() compares. */
#include "checker/checker_order.h"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <stdio.h>
#include <string.h>

void
checker_order_service_key(const struct virtual_server_model *model, struct ipvs_service_key *key)
{
	memset(key, 0, sizeof(*key));
	key->family = model->family;
	key->fwmark = model->fwmark;
	if (model->fwmark)
		return;
	key->protocol = model->protocol;
	memcpy(key->addr, model->addr.bytes, sizeof(key->addr));
	key->port = model->port;
}

void
checker_order_service(const struct virtual_server_model *model, struct ipvs_service *service)
{
	uint32_t granularity = model->persistence_granularity;

	memset(service, 0, sizeof(*service));
	checker_order_service_key(model, &service->key);
	snprintf(service->sched, sizeof(service->sched), "%s", model->scheduler);
	snprintf(service->pe, sizeof(service->pe), "%s", model->persistence_engine);
	service->flags = model->sched_flags;
	service->timeout_s = model->persistence_timeout_s;
	if (model->persistence_timeout_s)
		service->flags |= IP_VS_SVC_F_PERSISTENT;
	if (model->one_packet)
		service->flags |= IP_VS_SVC_F_ONEPACKET;
	if (model->family == AF_INET6)
		service->netmask = granularity ? granularity : 128;
	else
		service->netmask = granularity ? htonl(granularity) : UINT32_MAX;
}

void
checker_order_dest_key(const struct real_server_model *model, struct ipvs_dest_key *key)
{
	memset(key, 0, sizeof(*key));
	key->family = model->addr.family;
	key->port = model->port;
	memcpy(key->addr, model->addr.bytes, sizeof(key->addr));
}

static uint32_t
forwarding_flag(enum check_forwarding forwarding)
{
	switch (forwarding) {
	case CHECK_MASQ:
		return IP_VS_CONN_F_MASQ;
	case CHECK_DROUTE:
		return IP_VS_CONN_F_DROUTE;
	case CHECK_TUNNEL:
		return IP_VS_CONN_F_TUNNEL;
	}
	return IP_VS_CONN_F_MASQ;
}

void
checker_order_dest(const struct real_server_model *model, int32_t weight, struct ipvs_dest *dest)
{
	memset(dest, 0, sizeof(*dest));
	checker_order_dest_key(model, &dest->key);
	dest->fwd_method = forwarding_flag(model->forwarding);
	dest->weight = weight;
	dest->u_threshold = model->u_threshold;
	dest->l_threshold = model->l_threshold;
	dest->tun_type = model->tunnel.type;
	dest->tun_port = model->tunnel.port;
	dest->tun_flags = model->tunnel.flags;
}

bool
checker_order_same_service(const struct virtual_server_model *a,
			   const struct virtual_server_model *b)
{
	struct ipvs_service x, y;

	checker_order_service(a, &x);
	checker_order_service(b, &y);
	return memcmp(&x, &y, sizeof(x)) == 0;
}

bool
checker_order_same_dest(const struct real_server_model *a, const struct real_server_model *b)
{
	struct ipvs_dest x, y;

	checker_order_dest(a, 0, &x);
	checker_order_dest(b, 0, &y);
	return memcmp(&x, &y, sizeof(x)) == 0;
}
