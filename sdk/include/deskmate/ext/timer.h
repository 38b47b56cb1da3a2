/* deskmate.timer/1: be called later. In tests the clock is the test's. */
#ifndef DESKMATE_EXT_TIMER_H
#define DESKMATE_EXT_TIMER_H
#include "../abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define DM_EXT_TIMER "deskmate.timer/1"
#define DM_TIMERS_MAX 1024u

/* A timer has run out. [plugin thread] */
typedef void (*dm_timer_fn)(void *user);

typedef struct dm_ext_timer {
  /* Now, UTC in milliseconds. [any thread] */
  uint64_t (*now_ms)(const dm_host *host);

  /* Calls fn after delay_ms, then, where period_ms is not 0, every period_ms; late calls are not
   * made up for. DM_LIMIT at DM_TIMERS_MAX. [plugin thread] */
  dm_status (*set)(const dm_host *host, uint64_t delay_ms, uint64_t period_ms, dm_timer_fn fn,
                   void *user, uint64_t *id);

  /* fn is not called any more. An unknown id is ignored. [plugin thread] */
  void (*cancel)(const dm_host *host, uint64_t id);
} dm_ext_timer;

#ifdef __cplusplus
}
#endif
#endif
