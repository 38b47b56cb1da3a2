// The owner's passphrase. `secrets/passphrase.key` holds a key that only the passphrase opens, by
// Argon2id; that key seals identity.key and wrapping.key. So the passphrase changes by one file,
// old or new after a power cut. Formats: storage/README.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/identity.hpp"
#include "storage/posix.hpp"

namespace deskmate::storage {

inline constexpr std::size_t passphrase_bytes_min = 8;
inline constexpr std::size_t passphrase_bytes_max = 1'024;
// The most that a file may ask for.
inline constexpr std::uint64_t passphrase_passes_max = 16;
inline constexpr std::uint64_t passphrase_memory_kib_max = 1024 * 1024;

// The key that seals the others. Errc::invalid where the passphrase is not the right one.
Result<Key32> open_passphrase(const std::string& secrets_folder, std::string_view passphrase);
bool passphrase_exists(const std::string& secrets_folder);

// A line of a key file: `<label> <digits>`, or sealed `<label>-sealed <digits>`.
std::string secret_line(const std::string& label, const Key32& key,
                        const std::optional<Key32>& sealed_under);
struct SecretLine {
  Key32 key{};
  bool sealed = false;
};
// nullopt: it is neither. Errc::invalid: it is sealed, and the key that opens it is missing or
// another one.
Result<std::optional<SecretLine>> read_secret_line(std::string_view line, const std::string& label,
                                                   const std::optional<Key32>& sealed_under,
                                                   const std::string& path);

// Writes it over what is there (old or new after a power cut), then zeros over the old bytes.
Result<void> replace_secret_file(const std::string& path, std::string_view bytes);

// One at a time changes the secrets: whoever opens them to write, or with a passphrase, holds them
// meanwhile. Nothing is held of a folder that is not there yet.
Result<Fd> hold_secrets(const std::string& secrets_folder);

struct HeldSecrets {
  Fd lock;
  Secrets secrets;
};
// Secrets::open, held.
Result<HeldSecrets> open_held_secrets(const std::string& secrets_folder, bool may_make,
                                      const std::optional<std::string>& passphrase);

}  // namespace deskmate::storage
