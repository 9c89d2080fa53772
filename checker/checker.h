/* SPDX-License-Identifier: GPL-2.0-or-later */
/* checker/: which real servers deserve traffic. Sends the desired table to ipvs/ and scripts to
 * runner/. */
#ifndef CHECKER_H
#define CHECKER_H

struct hf_room_ops;
const struct hf_room_ops *checker_room(void);

#endif
