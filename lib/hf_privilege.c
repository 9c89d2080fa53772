/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capabilities by libcap-ng. */
#include "lib/hf_privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/hf_log.h"

static int
change_user(void)
{
	const struct passwd *account = getpwnam(HF_PRIVILEGE_USER);

	if (!account)
		account = getpwnam("nobody");
	if (!account) {
		hf_log(HF_ERROR, NULL,
		       "neither account \"" HF_PRIVILEGE_USER "\" nor \"nobody\" exists");
		return -EPERM;
	}
	if (capng_change_id((int)account->pw_uid, (int)account->pw_gid,
			    CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING) < 0) {
		hf_log(HF_ERROR, NULL, "cannot become user %s", account->pw_name);
		return -EPERM;
	}
	return 0;
}

int
hf_privilege_keep(const int *caps, size_t n, bool unprivileged)
{
	bool has[64] = { false };

	if (capng_get_caps_process() < 0)
		return -EPERM;
	for (size_t i = 0; i < n; i++)
		has[caps[i]] = capng_have_capability(CAPNG_PERMITTED, (unsigned int)caps[i]);
	/* Clearing the bounding set needs CAP_SETPCAP: without it there is nothing to clear it
	 * from. */
	bool bounding = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);

	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < n; i++)
		if (has[caps[i]])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
				     (unsigned int)caps[i]);
	if (unprivileged && geteuid() == 0) {
		int err = change_user();

		if (err)
			return err;
	} else if (capng_apply(bounding ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) < 0) {
		hf_log(HF_ERROR, NULL, "cannot give up capabilities");
		return -EPERM;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -EPERM;
	return 0;
}
