/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arithmetic of VRRP's timers (RFC 9568 section 6.1, RFC 3768 section 6.1), in nanoseconds.
 * When a timer is started or stopped is vrrp_engine.c's matter.
 */
#include "vrrp/vrrp_engine.h"

#define DOWN_ADVERTS_RFC 3 /* adverts that a peer misses before it acts, unless configured */

int64_t
vrrp_skew_for_ns(uint8_t version, uint32_t adver_cs, uint8_t priority)
{
	int64_t unit_ns = version == 2 ? HF_SECONDS(1) : vrrp_advert_ns(adver_cs);

	return (256 - priority) * unit_ns / 256;
}

int64_t
vrrp_skew_ns(const struct vrrp_instance *inst)
{
	return vrrp_skew_for_ns(inst->model->version, inst->active_adver_cs,
				inst->effective_priority);
}

int64_t
vrrp_active_down_interval_ns(const struct vrrp_instance *inst)
{
	return inst->model->down_timer_adverts * vrrp_advert_ns(inst->active_adver_cs) +
	       vrrp_skew_ns(inst);
}

/* The quickest peer has priority 254: an owner (255) does not wait, it is active or down. Peers
 * may be configured to miss fewer adverts than the RFC says only if we are as well. */
int64_t
vrrp_resume_limit_ns(const struct vrrp_instance_model *model)
{
	uint8_t adverts = model->down_timer_adverts < DOWN_ADVERTS_RFC ? model->down_timer_adverts
								       : DOWN_ADVERTS_RFC;

	return adverts * vrrp_advert_ns(model->advert_cs) +
	       vrrp_skew_for_ns(model->version, model->advert_cs, 254);
}

/* The slowest successor has priority 1. */
int64_t
vrrp_leave_wait_ns(const struct vrrp_instance_model *model)
{
	return vrrp_skew_for_ns(model->version, model->advert_cs, 1) + VRRP_LEAVE_SLACK_NS;
}
