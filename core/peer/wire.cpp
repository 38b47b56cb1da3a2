#include "core/peer/wire.hpp"

#include "core/peer/pairing.hpp"

namespace deskmate::peer {

Value to_value(const std::vector<Address>& addresses) {
  Value list = Value::array();
  for (const Address& address : addresses) list.push_back(to_text(address));
  return list;
}

Result<std::vector<Address>> to_addresses(const Value& value) {
  if (value.size() > addresses_max) {
    return Error{Status::limit, "more addresses than a peer can have", "addresses"};
  }
  std::vector<Address> addresses;
  for (const Value& item : value.as_array()) {
    auto address = parse_address(item.as_str());
    if (!address) return address.error();
    addresses.push_back(std::move(*address));
  }
  return addresses;
}

}  // namespace deskmate::peer
