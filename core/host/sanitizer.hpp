// Whether this build carries a sanitizer. Its shadow memory is far beyond any limit a plugin would
// have, so memory limits of the system are left out then; the supervisor's own watch stays.
#pragma once

namespace deskmate::host {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace deskmate::host
