// The digests and encodings that couriers sign with (OpenSSL). Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deskmate::courier {

std::string md5(std::string_view bytes);  // 16 bytes
std::string sha256(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);

std::string hex(std::string_view bytes);  // lower case
std::string upper(std::string text);      // ASCII
std::string base64(std::string_view bytes);

// Takes as long whether they differ early or late.
bool same(std::string_view a, std::string_view b);

// As Java's URLEncoder does: letters, digits and *-_. stay, a space becomes +.
std::string java_url_encode(std::string_view text);

using Form = std::vector<std::pair<std::string, std::string>>;
// application/x-www-form-urlencoded, both ways. Nothing: an escape is broken, or it has more than
// form_fields_max fields.
std::string write_form(const Form& fields);
std::optional<Form> read_form(std::string_view body);
// The first field of that name; empty where there is none.
std::string_view field(const Form& form, std::string_view name);

inline constexpr std::size_t form_fields_max = 32;

}  // namespace deskmate::courier
