// The ABI's layout, which can never change, on 64-bit machines.
#include <gtest/gtest.h>

#include <cstddef>
#include <type_traits>

#include "deskmate/abi.h"
#include "deskmate/ext/bus.h"
#include "deskmate/ext/file.h"
#include "deskmate/ext/http.h"
#include "deskmate/ext/kv.h"
#include "deskmate/ext/log.h"
#include "deskmate/ext/reader.h"
#include "deskmate/ext/secret.h"
#include "deskmate/ext/settings.h"
#include "deskmate/ext/timer.h"

namespace {

static_assert(sizeof(void*) == 8);

TEST(Abi, TheEntryIsWhatItWas) {
  EXPECT_EQ(DM_ABI, 1u);
  EXPECT_STREQ(DM_ENTRY_SYMBOL, "deskmate_plugin_entry");
  EXPECT_EQ(offsetof(dm_descriptor, abi), 0u);
  EXPECT_EQ(offsetof(dm_descriptor, unused), 4u);
  EXPECT_EQ(offsetof(dm_descriptor, id), 8u);
  EXPECT_EQ(offsetof(dm_descriptor, version), 16u);
  EXPECT_EQ(offsetof(dm_descriptor, create), 24u);
  EXPECT_EQ(sizeof(dm_descriptor), 32u);
  EXPECT_TRUE((std::is_same_v<dm_entry_fn, const dm_descriptor* (*)(uint32_t)>));
}

TEST(Abi, StructsHaveTheirSizes) {
  EXPECT_EQ(sizeof(dm_bytes), 16u);
  EXPECT_EQ(sizeof(dm_status), 4u);
  EXPECT_EQ(sizeof(dm_host), 32u);
  EXPECT_EQ(offsetof(dm_host, impl), 8u);
  EXPECT_EQ(offsetof(dm_host, extension), 16u);
  EXPECT_EQ(offsetof(dm_host, wake), 24u);
  EXPECT_EQ(sizeof(dm_plugin), 48u);
  EXPECT_EQ(offsetof(dm_plugin, start), 8u);
  EXPECT_EQ(offsetof(dm_plugin, extension), 40u);
  EXPECT_EQ(sizeof(dm_event), 80u);
  EXPECT_EQ(offsetof(dm_event, id), 16u);
  EXPECT_EQ(offsetof(dm_event, facts), 48u);
}

TEST(Abi, ExtensionsHaveTheirNamesAndFunctions) {
  EXPECT_STREQ(DM_EXT_BUS, "deskmate.bus/1");
  EXPECT_STREQ(DM_EXT_PLUGIN_BUS, "deskmate.plugin-bus/1");
  EXPECT_STREQ(DM_EXT_READER, "deskmate.reader/1");
  EXPECT_STREQ(DM_EXT_PLUGIN_READER, "deskmate.plugin-reader/1");
  EXPECT_STREQ(DM_EXT_HTTP, "deskmate.http/1");
  EXPECT_EQ(sizeof(dm_ext_bus), 6 * sizeof(void*));
  EXPECT_EQ(sizeof(dm_ext_plugin_bus), 2 * sizeof(void*));
  EXPECT_EQ(sizeof(dm_ext_reader), 4 * sizeof(void*));
  EXPECT_EQ(sizeof(dm_ext_plugin_reader), sizeof(void*));
  EXPECT_EQ(sizeof(dm_ext_timer), 3 * sizeof(void*));
  EXPECT_EQ(sizeof(dm_ext_settings), 2 * sizeof(void*));
  EXPECT_EQ(sizeof(dm_ext_kv), 2 * sizeof(void*));
  EXPECT_EQ(sizeof(dm_ext_secret), sizeof(void*));
  EXPECT_EQ(sizeof(dm_ext_log), sizeof(void*));
  EXPECT_EQ(sizeof(dm_ext_http), 2 * sizeof(void*));
  EXPECT_EQ(sizeof(dm_ext_file), 4 * sizeof(void*));
}

TEST(Abi, StatusesAreWhatTheyWere) {
  EXPECT_EQ(DM_OK, 0);
  EXPECT_EQ(DM_INVALID, -1);
  EXPECT_EQ(DM_DENIED, -2);
  EXPECT_EQ(DM_NOT_FOUND, -3);
  EXPECT_EQ(DM_LIMIT, -4);
  EXPECT_EQ(DM_DEADLINE, -5);
  EXPECT_EQ(DM_CANCELLED, -6);
  EXPECT_EQ(DM_UNAVAILABLE, -7);
  EXPECT_EQ(DM_INTERNAL, -8);
}

}  // namespace
