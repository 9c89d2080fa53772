/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual or real server of the configuration, as ipvs/ is told of it. Pure. */
#ifndef CHECKER_ORDER_H
#define CHECKER_ORDER_H

#include <stdbool.h>

#include "config/checker_model.h"
#include "ipvs/ipvs.h"

void checker_order_service_key(const struct virtual_server_model *model,
			       struct ipvs_service_key *key);
void checker_order_service(const struct virtual_server_model *model, struct ipvs_service *service);
void checker_order_dest_key(const struct real_server_model *model, struct ipvs_dest_key *key);
void checker_order_dest(const struct real_server_model *model, int32_t weight,
			struct ipvs_dest *dest);

bool checker_order_same_service(const struct virtual_server_model *a,
				const struct virtual_server_model *b);
bool checker_order_same_dest(const struct real_server_model *a, const struct real_server_model *b);

#endif
