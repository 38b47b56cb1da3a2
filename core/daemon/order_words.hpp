// What a buyer is asked to confirm before an order is sent (R44): what, where to, by whom, by when.
// Pure but for the bodies it reads. Loop thread.
#pragma once

#include <string>

#include "core/daemon/messages.hpp"
#include "core/daemon/service.hpp"

namespace deskmate::daemon {

// The language of the buyer of an order, going by the name and address they gave.
Language buyer_language(const Service& service, const desk::OrderView& order);

// In that language; with what is known of it. Empty: the order's body is erased, or on its way.
std::string confirmation_words(const Service& service, const desk::OrderView& order,
                               Language language);

// desk.order_words
void serve_order_words(Service& service);

}  // namespace deskmate::daemon
