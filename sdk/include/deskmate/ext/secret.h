/* deskmate.secret/1: passwords and tokens that the manifest names. They stand in files that only
 * the owner reads; keep them in memory no longer than needed, and never log them. */
#ifndef DESKMATE_EXT_SECRET_H
#define DESKMATE_EXT_SECRET_H
#include "../abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define DM_EXT_SECRET "deskmate.secret/1"

typedef struct dm_ext_secret {
  /* The answer is msgpack text. DM_DENIED: not in the manifest. DM_NOT_FOUND: the owner has not set
   * it. [plugin thread] */
  dm_status (*get)(const dm_host *host, const char *name, dm_reply_fn reply, void *user);
} dm_ext_secret;

#ifdef __cplusplus
}
#endif
#endif
