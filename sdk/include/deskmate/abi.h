/* The binary interface between a Deskmate host and a plugin.
 *
 * A plugin is a shared library that exports exactly one function, deskmate_plugin_entry. Only
 * fixed-width types and bytes cross this interface; no C++ object, no exception. It never grows by
 * changing a struct: whatever is new is an extension, found by name and revision ("deskmate.http/1")
 * on either side. The headers in ext/ are one extension each.
 *
 * Threads. A plugin instance lives on one thread, called the plugin thread; in a process of its own
 * that is the main thread, inside the daemon it is the daemon's loop. Functions marked
 *   [plugin thread]  are called, and must be called, on that thread only, and must return within
 *                    milliseconds: whoever has to wait does so on a thread of its own and comes back
 *                    through dm_host.wake;
 *   [any thread]     may be called from everywhere between start and the return of stop.
 *
 * Ownership. Who allocates frees. Pointers passed into a call live until it returns, unless said
 * otherwise; whoever needs the bytes longer copies them.
 *
 * Text is UTF-8. Structured values are msgpack (see frames.md). Time is UTC in milliseconds.
 */
#ifndef DESKMATE_ABI_H
#define DESKMATE_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The revision of this file. A host refuses a plugin whose abi differs. */
#define DM_ABI 1u

/* Name of the one exported function; see dm_entry_fn. */
#define DM_ENTRY_SYMBOL "deskmate_plugin_entry"

#if defined(__GNUC__)
#define DM_EXPORT __attribute__((visibility("default")))
#else
#define DM_EXPORT
#endif

/* Borrowed bytes. data may be null when size is 0. */
typedef struct dm_bytes {
  const uint8_t *data;
  uint64_t size;
} dm_bytes;

/* What a call came to. Everything but DM_OK leaves nothing changed. */
typedef int32_t dm_status;
enum {
  DM_OK = 0,
  DM_INVALID = -1,     /* malformed arguments or bytes */
  DM_DENIED = -2,      /* not in the manifest, or not this session's right */
  DM_NOT_FOUND = -3,   /* no such method, key, file, extension, plugin */
  DM_LIMIT = -4,       /* a named limit was reached; try later or send less */
  DM_DEADLINE = -5,    /* not answered in time; it may still have happened */
  DM_CANCELLED = -6,   /* cancelled, or the host is stopping */
  DM_UNAVAILABLE = -7, /* the other side is away: plugin restarting, network down, disk full */
  DM_INTERNAL = -8     /* a fault of whoever answers; the message says more */
};

/* Receives the one answer to an asynchronous call. [plugin thread], never from inside the call that
 * asked. result is msgpack: the result when status is DM_OK, else a map {message, where?}. It lives
 * until the function returns. Called exactly once for every call that returned DM_OK, at the latest
 * with DM_CANCELLED before dm_plugin.destroy. */
typedef void (*dm_reply_fn)(void *user, dm_status status, dm_bytes result);

/* The host, as one plugin instance sees it. Valid from dm_descriptor.create until
 * dm_plugin.destroy returns. Owned by the host. */
typedef struct dm_host dm_host;
struct dm_host {
  uint32_t abi;    /* DM_ABI */
  uint32_t unused; /* 0 */
  void *impl;      /* the host's own; not for plugins */

  /* Returns the extension's struct of functions, which lives as long as the host, or null where
   * this host has no extension of that name and revision. [any thread] */
  const void *(*extension)(const dm_host *host, const char *name);

  /* Asks for dm_plugin.on_wake on the plugin thread, soon. Several calls may be merged into one.
   * This is how a plugin's own thread hands over a result. [any thread] */
  void (*wake)(const dm_host *host);
};

/* One instance of a plugin. Allocated by create, freed by destroy. */
typedef struct dm_plugin dm_plugin;
struct dm_plugin {
  void *impl; /* the plugin's own; not for the host */

  /* Begins work: the instance may now use the host's extensions. Anything but DM_OK is reported as
   * the plugin's failure to start, and destroy follows. [plugin thread] */
  dm_status (*start)(dm_plugin *plugin);

  /* Answers dm_host.wake. [plugin thread] */
  void (*on_wake)(dm_plugin *plugin);

  /* Ends work: after it returns no thread of the instance runs and none of its functions but
   * destroy is called. The host allows 5 s (DM_STOP_MS). [plugin thread] */
  void (*stop)(dm_plugin *plugin);

  /* Frees the instance. [plugin thread] */
  void (*destroy)(dm_plugin *plugin);

  /* Returns the plugin's side of an extension (ext/bus.h, ext/reader.h), or null. The struct lives
   * as long as the instance. [plugin thread] */
  const void *(*extension)(dm_plugin *plugin, const char *name);
};

/* How long the host waits for stop, in milliseconds. */
#define DM_STOP_MS 5000u

/* What a library holds. Static storage of the library. */
typedef struct dm_descriptor {
  uint32_t abi;        /* DM_ABI as the plugin was built */
  uint32_t unused;     /* 0 */
  const char *id;      /* as in the manifest: "chat-email" */
  const char *version; /* as in the manifest: "1.0.0" */

  /* Makes an instance. Returns null when memory is out. host outlives the instance. Several
   * instances may exist at once, each on its own plugin thread. [plugin thread] */
  dm_plugin *(*create)(const dm_host *host);
} dm_descriptor;

/* The exported function's type. Returns the descriptor, or null if host_abi is one that the library
 * cannot serve. Must not allocate and may be called more than once. [any thread] */
typedef const dm_descriptor *(*dm_entry_fn)(uint32_t host_abi);

#ifdef __cplusplus
}
#endif
#endif
