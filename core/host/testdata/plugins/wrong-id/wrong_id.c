/* Is another plugin than its manifest says. */
#include <deskmate/abi.h>
#include <stddef.h>

static dm_plugin* create(const dm_host* host) {
  (void)host;
  return NULL;
}

DM_EXPORT const dm_descriptor* deskmate_plugin_entry(uint32_t host_abi) {
  static const dm_descriptor descriptor = {DM_ABI, 0, "another-id", "1.0.0", create};
  (void)host_abi;
  return &descriptor;
}
