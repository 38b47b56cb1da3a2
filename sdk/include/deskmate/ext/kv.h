/* deskmate.kv/1: a small store of the instance's own (a sync position, a token's expiry). Not for
 * buyer data or secrets: it is neither sealed nor erased with a buyer. */
#ifndef DESKMATE_EXT_KV_H
#define DESKMATE_EXT_KV_H
#include "../abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define DM_EXT_KV "deskmate.kv/1"
#define DM_KV_KEY_MAX 256u     /* bytes */
#define DM_KV_VALUE_MAX 65536u /* bytes */
#define DM_KV_KEYS_MAX 10000u  /* of one instance */

typedef struct dm_ext_kv {
  /* The answer is the stored bytes as msgpack bin, or nil. [plugin thread] */
  dm_status (*get)(const dm_host *host, dm_bytes key, dm_reply_fn reply, void *user);

  /* Stores, or with an empty value removes. The answer, nil, comes once it is on disk. reply may be
   * null. [plugin thread] */
  dm_status (*put)(const dm_host *host, dm_bytes key, dm_bytes value, dm_reply_fn reply,
                   void *user);
} dm_ext_kv;

#ifdef __cplusplus
}
#endif
#endif
