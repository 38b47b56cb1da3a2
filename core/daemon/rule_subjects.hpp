// What rules judge, out of the desk and the sealed bodies. Loop thread.
#pragma once

#include <optional>
#include <string>

#include "core/daemon/bodies.hpp"
#include "core/desk/desk.hpp"
#include "core/desk/problems.hpp"

namespace deskmate::daemon {

// As rules.judge takes it; nothing: the body of an order is on its way, so it is too early to
// judge.
std::optional<std::string> pack_subject(const desk::Desk& desk, const Bodies& bodies,
                                        const desk::OrderContext& context);
std::string pack_subject(const desk::ProductView& product);

}  // namespace deskmate::daemon
