/* deskmate.reader/1: follow the log from a cursor.
 *
 * A reader has a name, unique within the plugin, and a cursor that the desk keeps: the arrival
 * number up to which everything is done. Events come in arrival order, at least once: after a crash
 * delivery starts again behind the last committed arrival.
 */
#ifndef DESKMATE_EXT_READER_H
#define DESKMATE_EXT_READER_H
#include "../abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define DM_EXT_READER "deskmate.reader/1"
#define DM_EXT_PLUGIN_READER "deskmate.plugin-reader/1"

/* Where a reader without a stored cursor begins. */
enum {
  DM_FROM_START = 0, /* with the first event there is */
  DM_FROM_NOW = 1    /* with what comes next */
};

/* How many events the host sends ahead of dm_ext_reader.commit and grant. */
#define DM_READER_WINDOW 256u

/* One event, as delivered. */
typedef struct dm_event {
  uint64_t arrival;   /* this peer's number for it; the cursor */
  uint64_t stamp;     /* hybrid logical clock: milliseconds << 16 | counter */
  uint8_t id[16];     /* its id; of a request also the idempotency key */
  const char *type;   /* "message.received" */
  uint32_t schema;    /* revision of the type's fields */
  uint32_t flags;     /* DM_EVENT_... */
  dm_bytes facts;     /* msgpack map, open */
  dm_bytes body;      /* msgpack map, opened for this reader; empty: none, erased or not granted */
} dm_event;

enum {
  DM_EVENT_ERASED = 1u /* it had a body, whose key has been destroyed */
};

/* The host's side. */
typedef struct dm_ext_reader {
  /* Opens a reader over topics (count of them; "order.*" matches a family). The answer is
   * {position}. [plugin thread] */
  dm_status (*open)(const dm_host *host, const char *name, const char *const *topics,
                    uint32_t count, uint32_t from, dm_reply_fn reply, void *user);

  /* Everything up to arrival is done: moves the cursor and lets as much again be sent.
   * reply may be null. [plugin thread] */
  dm_status (*commit)(const dm_host *host, const char *name, uint64_t arrival, dm_reply_fn reply,
                      void *user);

  /* Lets count more events be sent without moving the cursor. [plugin thread] */
  dm_status (*grant)(const dm_host *host, const char *name, uint32_t count);

  /* Ends delivery; the cursor stays. [plugin thread] */
  dm_status (*close)(const dm_host *host, const char *name);
} dm_ext_reader;

/* The plugin's side. */
typedef struct dm_ext_plugin_reader {
  /* count events, in arrival order. [plugin thread] */
  void (*on_events)(dm_plugin *plugin, const char *reader, const dm_event *events, uint32_t count);
} dm_ext_plugin_reader;

#ifdef __cplusplus
}
#endif
#endif
