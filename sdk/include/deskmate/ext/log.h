/* deskmate.log/1: lines for the owner's log. No buyer data, no secrets. */
#ifndef DESKMATE_EXT_LOG_H
#define DESKMATE_EXT_LOG_H
#include "../abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define DM_EXT_LOG "deskmate.log/1"
#define DM_LOG_LINE_MAX 4096u /* bytes; the rest is cut */

enum { DM_LOG_DEBUG = 0, DM_LOG_INFO = 1, DM_LOG_WARN = 2, DM_LOG_ERROR = 3 };

typedef struct dm_ext_log {
  /* Writes one line; lines beyond 100 a second are counted instead. [any thread] */
  void (*write)(const dm_host *host, int32_t level, const char *message);
} dm_ext_log;

#ifdef __cplusplus
}
#endif
#endif
