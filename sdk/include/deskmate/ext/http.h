/* deskmate.http/1: HTTP through the host, to the hosts that the manifest names: TLS, proxies,
 * redirects within those hosts, time-outs, rate limits, retries with backoff and Retry-After. */
#ifndef DESKMATE_EXT_HTTP_H
#define DESKMATE_EXT_HTTP_H
#include "../abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define DM_EXT_HTTP "deskmate.http/1"
#define DM_HTTP_BODY_MAX 786432u /* bytes of a request's or answer's body */
#define DM_HTTP_OPEN_MAX 16u     /* requests of one instance under way */

typedef struct dm_ext_http {
  /* request: msgpack map {method, url, headers: {name: value}, body: bin, timeout_ms, retries}.
   * retries counts repeats after 429, 5xx and failed connections; give 0 where a repeat could do
   * something twice. The answer: {status, headers, body}, whatever the status. DM_DENIED: the host
   * is not in the manifest. DM_UNAVAILABLE: no answer could be had. [plugin thread] */
  dm_status (*fetch)(const dm_host *host, dm_bytes request, dm_reply_fn reply, void *user,
                     uint64_t *id);

  /* [plugin thread] */
  void (*cancel)(const dm_host *host, uint64_t id);
} dm_ext_http;

#ifdef __cplusplus
}
#endif
#endif
