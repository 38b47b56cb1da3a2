/* Built for a revision of the ABI that no host has. */
#include <deskmate/abi.h>
#include <stddef.h>

static dm_plugin* create(const dm_host* host) {
  (void)host;
  return NULL;
}

DM_EXPORT const dm_descriptor* deskmate_plugin_entry(uint32_t host_abi) {
  static const dm_descriptor descriptor = {DM_ABI + 99, 0, "old-abi", "1.0.0", create};
  (void)host_abi;
  return &descriptor;
}
