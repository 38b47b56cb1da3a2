#include "storage/passphrase.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <vector>

#include "storage/bytes.hpp"
#include "storage/sealing.hpp"
#include "storage/secret_file.hpp"
#include "storage/store.hpp"

namespace deskmate::storage {
namespace {

constexpr std::string_view passphrase_label = "argon2id";
constexpr std::string_view passphrase_context = "deskmate.passphrase/1";
constexpr std::string_view sealed_ending = "-sealed";
constexpr std::size_t sealed_key_size = sizeof(Key32) + seal_overhead;

std::string passphrase_path(const std::string& folder) { return folder + "/passphrase.key"; }

std::string folder_of_secrets(const Options& options) {
  return options.secrets_folder.empty() ? options.folder + "/secrets" : options.secrets_folder;
}

// The bytes that so many digits stand for; empty: they are not digits, or not so many.
std::string bytes_of_hex(std::string_view digits, std::size_t size) {
  if (digits.size() != 2 * size) return "";
  std::string bytes(size, '\0');
  std::size_t written = 0;
  const int done = sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), size,
                                  digits.data(), digits.size(), nullptr, &written, nullptr);
  return done == 0 && written == size ? bytes : "";
}

std::string hex_of(std::string_view bytes) {
  return hex(std::span(unsigned_of(bytes), bytes.size()));
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  if (line.ends_with('\n')) line.remove_suffix(1);
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = line.find(' ');
    words.push_back(line.substr(0, end));
    if (end != std::string_view::npos) line.remove_prefix(end + 1);
  }
  return words;
}

std::uint64_t number_of(std::string_view word) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc() && end == word.data() + word.size() ? number : 0;
}

// How a passphrase becomes a key.
struct Stretching {
  PassphraseCost cost;
  std::array<std::uint8_t, crypto_pwhash_SALTBYTES> salt{};
};

Result<Key32> key_of(std::string_view passphrase, const Stretching& how) {
  Key32 key{};
  if (crypto_pwhash(key.data(), key.size(), passphrase.data(), passphrase.size(), how.salt.data(),
                    how.cost.passes, static_cast<std::size_t>(how.cost.memory_kib) * 1024,
                    crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return Error{Errc::full, "not enough memory for the passphrase: it takes " +
                                 std::to_string(how.cost.memory_kib / 1024) + " MiB"};
  }
  return key;
}

Error wrong_passphrase() {
  return {Errc::invalid, "the passphrase is not the right one; nothing was changed"};
}

Result<void> check_new(std::string_view passphrase) {
  if (passphrase.size() >= passphrase_bytes_min && passphrase.size() <= passphrase_bytes_max) {
    return {};
  }
  return Error{Errc::invalid, "a passphrase has " + std::to_string(passphrase_bytes_min) + " to " +
                                  std::to_string(passphrase_bytes_max) + " bytes"};
}

Result<void> write_passphrase(const std::string& folder, std::string_view passphrase,
                              const PassphraseCost& cost, const Key32& sealing_key) {
  Stretching how{cost};
  randombytes_buf(how.salt.data(), how.salt.size());
  auto key = key_of(passphrase, how);
  if (!key) return key.error();
  std::string sealed;
  seal(sealed, *key, passphrase_context, view_of(sealing_key));
  sodium_memzero(key->data(), key->size());
  const std::string line = std::string(passphrase_label) + " " + std::to_string(how.cost.passes) +
                           " " + std::to_string(how.cost.memory_kib) + " " + hex(how.salt) + " " +
                           hex_of(sealed) + "\n";
  return replace_secret_file(passphrase_path(folder), line);
}

}  // namespace

bool passphrase_exists(const std::string& secrets_folder) {
  return exists(passphrase_path(secrets_folder));
}

Result<Key32> open_passphrase(const std::string& secrets_folder, std::string_view passphrase) {
  const std::string path = passphrase_path(secrets_folder);
  auto line = read_secret_file(path);
  if (!line) return line.error();
  const auto words = words_of(*line);
  Stretching how;
  std::string sealed;
  if (words.size() == 5 && words[0] == passphrase_label) {
    how.cost.passes = number_of(words[1]);
    how.cost.memory_kib = number_of(words[2]);
    const std::string salt = bytes_of_hex(words[3], how.salt.size());
    if (!salt.empty()) std::copy(salt.begin(), salt.end(), how.salt.begin());
    if (!salt.empty()) sealed = bytes_of_hex(words[4], sealed_key_size);
  }
  if (sealed.empty() || how.cost.passes == 0 || how.cost.passes > passphrase_passes_max ||
      how.cost.memory_kib < crypto_pwhash_MEMLIMIT_MIN / 1024 ||
      how.cost.memory_kib > passphrase_memory_kib_max) {
    return Error{Errc::damaged, path + " is damaged. Put the copy you keep back"};
  }
  if (passphrase.size() > passphrase_bytes_max) return wrong_passphrase();
  auto key = key_of(passphrase, how);
  if (!key) return key.error();
  const auto sealing_key = unseal_key(*key, passphrase_context, sealed);
  sodium_memzero(key->data(), key->size());
  if (!sealing_key) return wrong_passphrase();
  return *sealing_key;
}

std::string secret_line(const std::string& label, const Key32& key,
                        const std::optional<Key32>& sealed_under) {
  if (!sealed_under) return label + " " + hex(key) + "\n";
  std::string sealed;
  seal(sealed, *sealed_under, label, view_of(key));
  return label + std::string(sealed_ending) + " " + hex_of(sealed) + "\n";
}

Result<std::optional<SecretLine>> read_secret_line(std::string_view line, const std::string& label,
                                                   const std::optional<Key32>& sealed_under,
                                                   const std::string& path) {
  const auto words = words_of(line);
  if (words.size() != 2 || !line.ends_with('\n')) return std::optional<SecretLine>();
  SecretLine out;
  if (words[0] == label) {
    std::string bytes = bytes_of_hex(words[1], out.key.size());
    if (bytes.empty()) return std::optional<SecretLine>();
    std::copy(bytes.begin(), bytes.end(), out.key.begin());
    sodium_memzero(bytes.data(), bytes.size());
    return std::optional(out);
  }
  if (words[0] != label + std::string(sealed_ending)) return std::optional<SecretLine>();
  const std::string sealed = bytes_of_hex(words[1], sealed_key_size);
  if (sealed.empty()) return std::optional<SecretLine>();
  if (!sealed_under) {
    return Error{Errc::invalid, path +
                                    " is protected by a passphrase. Give it on the terminal, or "
                                    "with --passphrase-file FILE"};
  }
  const auto key = unseal_key(*sealed_under, label, sealed);
  if (!key) {
    return Error{Errc::damaged,
                 path +
                     " was sealed with another passphrase.key than the one beside it. Put the "
                     "copies you keep back, all of one time"};
  }
  out.key = *key;
  out.sealed = true;
  return std::optional(out);
}

Result<void> replace_secret_file(const std::string& path, std::string_view bytes) {
  Fd old;
  std::uint64_t size = 0;
  if (exists(path)) {
    auto opened = open_file(path, O_RDWR);
    if (!opened) return opened.error();
    auto known = size_of(opened->get(), path);
    if (!known) return known.error();
    old = std::move(*opened);
    size = *known;
  }
  auto done = write_secret_file(path, bytes);
  if (!done || !old) return done;
  // It has no name any more; its bytes go too, as far as the disk lets us.
  if (write_all(old.get(), std::string(static_cast<std::size_t>(size), '\0'), path)) {
    static_cast<void>(sync_file(old.get(), path));
  }
  return {};
}

Result<Fd> hold_secrets(const std::string& secrets_folder) {
  if (!exists(secrets_folder)) return Fd();
  auto folder = open_file(secrets_folder, O_RDONLY | O_DIRECTORY);
  if (!folder) return folder.error();
  if (::flock(folder->get(), LOCK_EX) != 0) return system_error(errno, secrets_folder);
  return folder;
}

Result<HeldSecrets> open_held_secrets(const std::string& secrets_folder, bool may_make,
                                      const std::optional<std::string>& passphrase) {
  auto lock = hold_secrets(secrets_folder);
  if (!lock) return lock.error();
  auto secrets = Secrets::open(secrets_folder, may_make, passphrase);
  if (!secrets) return secrets.error();
  return HeldSecrets{std::move(*lock), std::move(*secrets)};
}

// --- what the owner does ------------------------------------------------------------------------

bool has_passphrase(const Options& options) {
  return passphrase_exists(folder_of_secrets(options));
}

Result<bool> passphrase_fits(const Options& options) {
  auto key = open_passphrase(folder_of_secrets(options), options.passphrase.value_or(""));
  if (!key && key.error().code == Errc::invalid) return false;
  if (!key) return key.error();
  sodium_memzero(key->data(), key->size());
  return true;
}

Result<void> set_passphrase(const Options& options, const std::string& passphrase) {
  const std::string folder = folder_of_secrets(options);
  auto checked = check_new(passphrase);
  if (!checked) return checked;
  if (!exists(folder)) return Error{Errc::not_found, folder + " holds no desk's secrets"};
  auto held = hold_secrets(folder);
  if (!held) return held.error();
  // One that was cut short has sealed nothing, or can be finished by whoever knows it.
  auto secrets = Secrets::open(folder, false);
  if (!secrets && secrets.error().code == Errc::invalid && passphrase_exists(folder)) {
    return Error{Errc::invalid,
                 "a passphrase is set already; change it with `deskmate passphrase "
                 "change`"};
  }
  if (!secrets) return secrets.error();
  Key32 sealing_key{};
  randombytes_buf(sealing_key.data(), sealing_key.size());
  auto done = write_passphrase(folder, passphrase, options.passphrase_cost, sealing_key);
  if (done) done = secrets->write(sealing_key);
  sodium_memzero(sealing_key.data(), sealing_key.size());
  return done;
}

Result<void> change_passphrase(const Options& options, const std::string& passphrase) {
  const std::string folder = folder_of_secrets(options);
  auto checked = check_new(passphrase);
  if (!checked) return checked;
  if (!passphrase_exists(folder)) return Error{Errc::not_found, "no passphrase is set"};
  auto held = hold_secrets(folder);
  if (!held) return held.error();
  auto sealing_key = open_passphrase(folder, options.passphrase.value_or(""));
  if (!sealing_key) return sealing_key.error();
  auto done = write_passphrase(folder, passphrase, options.passphrase_cost, *sealing_key);
  sodium_memzero(sealing_key->data(), sealing_key->size());
  return done;
}

Result<void> remove_passphrase(const Options& options) {
  const std::string folder = folder_of_secrets(options);
  if (!passphrase_exists(folder)) return Error{Errc::not_found, "no passphrase is set"};
  auto held = hold_secrets(folder);
  if (!held) return held.error();
  auto right = open_passphrase(folder, options.passphrase.value_or(""));
  if (!right) return right.error();
  sodium_memzero(right->data(), right->size());
  auto secrets = Secrets::open(folder, false, options.passphrase);
  if (!secrets) return secrets.error();
  auto done = secrets->write(std::nullopt);
  if (!done) return done;
  if (::unlink(passphrase_path(folder).c_str()) != 0) {
    return system_error(errno, passphrase_path(folder));
  }
  return sync_folder(folder);
}

}  // namespace deskmate::storage
