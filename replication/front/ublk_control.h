/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ublk driver's control device: commands by io_uring, awaited or in the background
 * (linux/ublk_cmd.h). Needs CAP_SYS_ADMIN and a kernel from 6.4 on. What they are for is
 * front_ublk.c's matter.
 */
#ifndef UBLK_CONTROL_H
#define UBLK_CONTROL_H

#include <linux/ublk_cmd.h>
#include <sys/ioctl.h>

#include "lib/hf_base.h"
#include "lib/hf_loop.h"

/* The numbers as ioctls, which headers before 6.4 lack. */
#ifndef UBLK_U_CMD_ADD_DEV
#define UBLK_U_CMD_GET_DEV_INFO        _IOR('u', 0x02, struct ublksrv_ctrl_cmd)
#define UBLK_U_CMD_ADD_DEV             _IOWR('u', 0x04, struct ublksrv_ctrl_cmd)
#define UBLK_U_CMD_DEL_DEV             _IOWR('u', 0x05, struct ublksrv_ctrl_cmd)
#define UBLK_U_CMD_START_DEV           _IOWR('u', 0x06, struct ublksrv_ctrl_cmd)
#define UBLK_U_CMD_STOP_DEV            _IOWR('u', 0x07, struct ublksrv_ctrl_cmd)
#define UBLK_U_CMD_SET_PARAMS          _IOWR('u', 0x08, struct ublksrv_ctrl_cmd)
#define UBLK_U_CMD_START_USER_RECOVERY _IOWR('u', 0x10, struct ublksrv_ctrl_cmd)
#define UBLK_U_CMD_END_USER_RECOVERY   _IOWR('u', 0x11, struct ublksrv_ctrl_cmd)
#define UBLK_U_IO_FETCH_REQ            _IOWR('u', 0x20, struct ublksrv_io_cmd)
#define UBLK_U_IO_COMMIT_AND_FETCH_REQ _IOWR('u', 0x21, struct ublksrv_io_cmd)
#endif

#ifndef UBLK_U_CMD_DEL_DEV_ASYNC
#define UBLK_U_CMD_DEL_DEV_ASYNC _IOR('u', 0x14, struct ublksrv_ctrl_cmd)
#endif

struct ublk_control;

/* Loads the module where it is missing. 0 or a negative errno; -EPROTONOSUPPORT: this kernel has no
 * ublk. */
int ublk_control_open(struct hf_loop *loop, struct ublk_control **out) HF_MUST_CHECK;

/* Nothing in the background any more, or nobody wants to hear of it. NULL is fine. */
void ublk_control_close(struct ublk_control *control);

/* A command about device `id` with a buffer (addr, len) and one number, awaited: for those that do
 * not depend on the device being served. The result: 0 or a negative errno. */
int ublk_control_do(struct ublk_control *control, unsigned int op, uint32_t id, void *buffer,
		    uint16_t len, uint64_t number);

/* The same in the background, one at a time: `done` is called from the loop. */
int ublk_control_start(struct ublk_control *control, unsigned int op, uint32_t id, uint64_t number,
		       void (*done)(void *arg, int result), void *arg);

#endif
