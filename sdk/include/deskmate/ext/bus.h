/* deskmate.bus/1: append events, ask others, answer them.
 *
 * The methods, their parameters and results are listed in sdk/frames.md, the events in events.hpp.
 * What a plugin may append, ask and answer is what its manifest says; the rest is DM_DENIED.
 */
#ifndef DESKMATE_EXT_BUS_H
#define DESKMATE_EXT_BUS_H
#include "../abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define DM_EXT_BUS "deskmate.bus/1"
#define DM_EXT_PLUGIN_BUS "deskmate.plugin-bus/1"

/* The host's side. */
typedef struct dm_ext_bus {
  /* Appends events, all or none. events is a msgpack array of event maps. The answer comes once
   * they are on disk: an array with, for each, {arrival, id} or, for one that was there before,
   * {duplicate: true}. [plugin thread] */
  dm_status (*append)(const dm_host *host, dm_bytes events, dm_reply_fn reply, void *user);

  /* The same, and moves the named reader's cursor to arrival in the same transaction, so that what
   * was read and what came of it cannot part. [plugin thread] */
  dm_status (*append_at)(const dm_host *host, dm_bytes events, const char *reader, uint64_t arrival,
                         dm_reply_fn reply, void *user);

  /* Asks for method with params (msgpack). id receives a number for cancel; it may be null.
   * deadline_ms: 1 to DM_DEADLINE_MAX_MS. [plugin thread] */
  dm_status (*request)(const dm_host *host, const char *method, dm_bytes params,
                       uint32_t deadline_ms, dm_reply_fn reply, void *user, uint64_t *id);

  /* Gives up on a request; its reply comes with DM_CANCELLED. [plugin thread] */
  void (*cancel)(const dm_host *host, uint64_t id);

  /* Answers request id of dm_ext_plugin_bus.on_request, once: with a result, or with a status below
   * 0 and a sentence. An answer after the deadline is dropped. [plugin thread] */
  dm_status (*reply)(const dm_host *host, uint64_t id, dm_bytes result);
  dm_status (*fail)(const dm_host *host, uint64_t id, dm_status status, const char *message);
} dm_ext_bus;

#define DM_DEADLINE_MAX_MS 600000u

/* The plugin's side; optional. */
typedef struct dm_ext_plugin_bus {
  /* Somebody asks this plugin. Answer through dm_ext_bus.reply or fail, now or later.
   * [plugin thread] */
  void (*on_request)(dm_plugin *plugin, uint64_t id, const char *method, dm_bytes params,
                     uint32_t deadline_ms);

  /* Nobody waits for request id any more. It needs no answer. [plugin thread] */
  void (*on_cancel)(dm_plugin *plugin, uint64_t id);
} dm_ext_plugin_bus;

#ifdef __cplusplus
}
#endif
#endif
