// Any bytes as an instance's file of secrets: what is given is what the manifest names, and no
// error holds what stands in the file.
#include "core/host/secrets.hpp"

#include <sys/stat.h>

#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  static const host::Manifest manifest = [] {
    host::Manifest made;
    made.id = "chat-email";
    made.secrets = {"password", "token"};
    return made;
  }();
  static const bool made = [] {
    fuzz::write_bytes(folder / "mail.toml", "");
    return ::chmod((folder / "mail.toml").c_str(), 0600) == 0;
  }();
  check(made);
  fuzz::write_bytes(folder / "mail.toml", fuzz::view_of(data, size));
  const host::Secrets secrets(folder.path());
  const auto checked = secrets.check(manifest, "mail");
  const auto password = secrets.get(manifest, "mail", "password");
  const auto token = secrets.get(manifest, "mail", "token");
  check(secrets.get(manifest, "mail", "other").error().code == Status::denied);
  check(secrets.get(manifest, "../mail", "password").has_error());
  if (checked) check(password.has_value() && token.has_value());
  if (password) check(password->size() <= size);
  return 0;
}
