/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of the vrrp room that users see: states, reasons, drops, unmet conditions. One function
 * for each enum, made from the list that made the enum where there is one.
 */
#include <assert.h>
#include <stdlib.h>

#include "vrrp/vrrp_engine.h"
#include "vrrp/vrrp_packet.h"

const char *
vrrp_state_word(enum vrrp_state state)
{
	switch (state) {
	case VRRP_INITIALIZE:
		return "STOP";
	case VRRP_BACKUP:
		return "BACKUP";
	case VRRP_ACTIVE:
		return "MASTER";
	case VRRP_FAULT:
		return "FAULT";
	}
	abort();
}

const char *
vrrp_unmet_word(enum vrrp_unmet one)
{
	switch (one) {
	case VRRP_UNMET_INTERFACE:
		return "interface-missing";
	case VRRP_UNMET_LINK:
		return "link-down";
	case VRRP_UNMET_SOURCE:
		return "source-address-missing";
	case VRRP_UNMET_SOCKET:
		return "socket-refused";
	case VRRP_UNMET_TRACKED_LINK:
		return "tracked-link-down";
	case VRRP_UNMET_GROUP:
		return "sync-group-fault";
	case VRRP_UNMET_DISABLED:
		return "disabled";
	}
	abort();
}

const char *
vrrp_why_code(enum vrrp_why why)
{
	static const char *const codes[] = {
#define WHY_CODE(name, code, text) [VRRP_WHY_##name] = (code),
		VRRP_WHYS(WHY_CODE)
#undef WHY_CODE
	};

	assert((size_t)why < HF_COUNT_OF(codes));
	return codes[why];
}

const char *
vrrp_drop_code(enum vrrp_drop drop)
{
	static const char *const codes[] = {
#define DROP_CODE(name, code, text) [VRRP_DROP_##name] = (code),
		VRRP_DROPS(DROP_CODE)
#undef DROP_CODE
	};

	assert((size_t)drop < HF_COUNT_OF(codes));
	return codes[drop];
}
