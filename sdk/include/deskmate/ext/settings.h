/* deskmate.settings/1: what the owner set for this instance, with the manifest's defaults. */
#ifndef DESKMATE_EXT_SETTINGS_H
#define DESKMATE_EXT_SETTINGS_H
#include "../abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define DM_EXT_SETTINGS "deskmate.settings/1"

typedef struct dm_ext_settings {
  /* The instance's name in the configuration ("mail"), which is also its shop or channel. Lives as
   * long as the host. [any thread] */
  const char *(*instance)(const dm_host *host);

  /* One setting as msgpack, checked against the manifest; size 0 where it was not declared. Lives
   * as long as the host: changed settings mean a restarted plugin. [any thread] */
  dm_bytes (*get)(const dm_host *host, const char *key);
} dm_ext_settings;

#ifdef __cplusplus
}
#endif
#endif
