// Replies that came with a key: the same key again, from whoever lost the answer, is the same reply
// and gets the same answer. While this process lives; after a restart the key is in the reply's
// body, where whoever sent it looks first. Loop thread.
#pragma once

#include <deque>
#include <deskmate/result.hpp>
#include <deskmate/value.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace deskmate::daemon {

// Named limits.
inline constexpr std::size_t reply_key_chars_max = 64;
inline constexpr std::size_t reply_keys_kept = 4'096;  // of replies that are on disk

class ReplyKeys {
 public:
  using Done = std::function<void(const Result<Value>&)>;

  // Tells done what became of the key's reply, now or later. True: it is the first with this key,
  // so the caller sends the reply and calls finish.
  bool begin(const std::string& key, Done done);

  // What was refused is forgotten: it may be tried again.
  void finish(const std::string& key, const Result<Value>& result);

 private:
  struct Entry {
    bool finished = false;
    Value answer;
    std::vector<Done> waiting;
  };
  std::map<std::string, Entry> entries_;
  std::deque<std::string> finished_;  // oldest first
};

}  // namespace deskmate::daemon
