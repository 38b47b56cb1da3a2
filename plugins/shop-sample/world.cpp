#include "world.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace deskmate::sample {

namespace {

constexpr std::int64_t minute_ms = 60'000;

constexpr int stuck_step = 3;
constexpr int last_step = 5;

// How busy the hours of a day are, in China's time, with 10 as an average hour.
constexpr std::array<int, 24> rhythm = {3,  2,  1,  1,  1,  2,  4,  7,  11, 14, 16, 15,
                                        12, 13, 14, 14, 13, 12, 12, 15, 19, 21, 16, 7};

// One in twenty chats is as good as an order.
double orders_per_hour(const Options& options) {
  return std::max(0.2, options.messages_per_hour / 20.0);
}

template <class T>
std::string packed(const T& record) {
  return encode(Value(events::to_map(record)));
}

template <class T>
Result<T> unpacked(const std::string& bytes) {
  const auto value = decode(bytes);
  if (!value) return value.error();
  return events::from_map<T>(value->as_map());
}

}  // namespace

// --- Chance: splitmix64, which is the same everywhere ---

std::uint64_t World::chance() {
  std::uint64_t z = meta_.random += 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

std::uint64_t World::below(std::uint64_t bound) { return bound == 0 ? 0 : chance() % bound; }

std::int64_t World::between(std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
}

std::int64_t World::wait_ms(double per_hour, std::int64_t at_ms) {
  const auto hour = static_cast<std::size_t>((at_ms + 8 * hour_ms) / hour_ms % 24);
  // Whoever is in a hurry has no time for nights.
  const bool hurried_shop = options_.messages_per_hour > unhurried_max;
  const double rate = hurried_shop ? per_hour : per_hour * rhythm.at(hour) / 10.0;
  const double unit = (static_cast<double>(chance() >> 11) + 1.0) / 9007199254740993.0;
  return std::max<std::int64_t>(1, std::llround(-std::log(unit) / rate * double(hour_ms)));
}

std::int64_t World::hurried(std::int64_t delay_ms) const {
  const auto pace = std::clamp<std::int64_t>(options_.messages_per_hour / unhurried_max, 1, 30);
  return std::max<std::int64_t>(1, delay_ms / pace);
}

// --- A new shop ---

World World::fresh(const Options& options, std::int64_t now_ms) {
  World world(options);
  world.meta_.random = options.seed;
  world.meta_.buyers = options.buyers;
  world.meta_.number = 1000;
  for (const Product& product : catalogue()) {
    Stock& stock = world.meta_.stock.emplace_back();
    stock.sku = product.sku;
    stock.on_hand = product.stock;
  }
  for (std::uint32_t i = 0; i < options.buyers; ++i) {
    Buyer buyer;
    buyer.language = i % 2 == 0 ? "zh" : "en";
    const auto crowd = people(buyer.language);
    const std::size_t round = i / 2 / crowd.size();
    const Person& person = crowd[i / 2 % crowd.size()];
    const std::string suffix = round == 0 ? "" : std::to_string(round + 1);
    buyer.id = "b" + std::to_string(i + 1);
    buyer.name = round == 0 ? person.name : std::string(person.name) + " " + suffix;
    buyer.email = std::string(person.login) + suffix + "@example.org";
    buyer.phone = (buyer.language == "zh" ? "+861380000" : "+447700900") +
                  std::to_string(1000 + i).substr(buyer.language == "zh" ? 0 : 1);
    buyer.city = person.city;
    buyer.street = person.street;
    world.changed_.insert("buyer/" + buyer.id);
    world.buyers_.emplace(buyer.id, std::move(buyer));
  }
  // Their orders of the last three weeks; everything that would have happened since happens.
  std::vector<std::pair<std::int64_t, std::string>> past;
  for (const auto& [id, buyer] : world.buyers_) {
    const auto count = world.between(0, 2);
    for (std::int64_t k = 0; k < count; ++k) {
      past.emplace_back(now_ms - world.between(hour_ms, 20 * day_ms), id);
    }
  }
  std::sort(past.begin(), past.end());
  for (const auto& [at_ms, id] : past) {
    world.advance(at_ms);
    world.place_order(id, at_ms);
  }
  world.advance(now_ms);
  world.meta_.order_at = now_ms + world.wait_ms(orders_per_hour(options), now_ms);
  if (options.messages_per_hour > 0) {
    world.meta_.chat_at = now_ms + world.wait_ms(options.messages_per_hour, now_ms);
  }
  if (options.odd_orders) world.place_odd_orders(now_ms);
  if (!options.tour.empty()) world.begin_tour(now_ms);
  if (options.quick) {
    for (std::size_t i = 0; i < chats_at_once; ++i) world.begin_chat(now_ms);
  }
  return world;
}

// --- What happens ---

void World::advance(std::int64_t now_ms) {
  for (auto& [number, order] : orders_) {
    if (order.state == "paid" && order.ship_at != 0 && order.ship_at <= now_ms) {
      send(order, {}, {}, order.ship_at);
    }
    while (!order.parcels.empty() && order.parcels[0].next_at != 0 &&
           order.parcels[0].next_at <= now_ms) {
      move_parcel(order);
    }
  }
  for (auto& [id, buyer] : buyers_) {
    if (buyer.speak_at == 0 || buyer.speak_at > now_ms) continue;
    speak(buyer, mood_of(buyer.mood), buyer.speak_at);
  }
  // After a pause the shop does not make up for all that nobody saw.
  if (meta_.order_at != 0 && meta_.order_at < now_ms - catch_up_ms) meta_.order_at = now_ms;
  while (meta_.order_at != 0 && meta_.order_at <= now_ms) {
    auto chosen = buyers_.begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(below(buyers_.size())));
    place_order(chosen->first, meta_.order_at);
    meta_.order_at += wait_ms(orders_per_hour(options_), meta_.order_at);
  }
  if (meta_.chat_at != 0 && meta_.chat_at < now_ms - catch_up_ms) meta_.chat_at = now_ms;
  while (meta_.chat_at != 0 && meta_.chat_at <= now_ms) {
    begin_chat(meta_.chat_at);
    meta_.chat_at += wait_ms(options_.messages_per_hour, meta_.chat_at);
  }
}

Order& World::place_order(const std::string& buyer, std::int64_t at_ms) {
  forget_old_orders();
  // The warehouse has enough to do.
  if (orders_.size() >= orders_max) return orders_.at(meta_.orders.back());
  Order order;
  order.number = "SB-" + std::to_string(++meta_.number);
  order.buyer = buyer;
  const auto products = catalogue();
  const auto count = between(1, 3);
  for (std::int64_t i = 0; i < count; ++i) {
    const Product& product = products[below(products.size())];
    const bool twice = std::any_of(order.lines.begin(), order.lines.end(),
                                   [&](const auto& line) { return line.sku == product.sku; });
    if (twice) continue;
    auto& line = order.lines.emplace_back();
    line.sku = product.sku;
    line.name = std::string(product.zh) + " / " + product.en;
    line.quantity = between(1, 2);
    line.price = product.price;
    order.total += line.price * line.quantity;
  }
  order.paid = order.total;
  order.state = order.payment = "paid";
  order.placed_at = order.updated_at = at_ms;
  order.ship_at = at_ms + between(6 * hour_ms, 60 * hour_ms);
  allocate(order, 1);
  meta_.orders.push_back(order.number);
  changed_.insert("order/" + order.number);
  return orders_[order.number] = std::move(order);
}

// What a shop has to look out for: each a buyer's only order that waits, of those who have none
// yet.
void World::place_odd_orders(std::int64_t now_ms) {
  std::vector<std::string> free;
  for (const auto& [id, buyer] : buyers_) {
    const bool waits = std::any_of(orders_.begin(), orders_.end(), [&id = id](const auto& order) {
      return order.second.buyer == id && order.second.state == "paid";
    });
    if (!waits) free.push_back(id);
  }
  std::size_t next = 0;
  const auto place = [&](std::int64_t before_ms) -> Order* {
    if (next == free.size()) return nullptr;
    Order& order = place_order(free[next], now_ms - before_ms);
    order.ship_at = now_ms + 3 * day_ms;  // there is time to look at it
    return &order;
  };
  const auto is_chinese = [&](const Order& order) {
    return buyers_.at(order.buyer).language == "zh";
  };
  if (Order* vague = place(hour_ms)) {
    vague->street = is_chinese(*vague) ? "老地方" : "same as before";
    ++next;
  }
  if (Order* first = place(3 * hour_ms)) {
    first->street = is_chinese(*first) ? "人民路8号2栋" : "8 Station Road";
    place(hour_ms);
    ++next;
  }
  if (Order* wish = place(hour_ms)) {
    wish->note = is_chinese(*wish) ? "请今天发顺丰" : "Please send it by DHL today";
    ++next;
  }
  if (Order* twice = place(hour_ms)) {
    twice->paid = 2 * twice->total;
    ++next;
  }
  if (Order* custom = place(hour_ms)) {
    custom->lines.front().custom = true;
    ++next;
  }
  if (Order* cheap = place(hour_ms)) {
    cheap->shipping = 0;
    ++next;
  }
  if (Order* first = place(2 * hour_ms)) {
    const auto lines = first->lines;
    const std::int64_t total = first->total;
    Order& again = *place(hour_ms);
    allocate(again, -1);
    again.lines = lines;
    again.total = again.paid = total;
    allocate(again, 1);
    ++next;
  }
  if (Order* late = place(60 * hour_ms)) {
    late->promised_at = now_ms + day_ms;
    ++next;
  }
}

void World::forget_old_orders() {
  for (auto at = meta_.orders.begin(); orders_.size() >= orders_max && at != meta_.orders.end();) {
    const std::string& state = orders_.at(*at).state;
    if (state != "delivered" && state != "cancelled") {
      ++at;
      continue;
    }
    changed_.insert("order/" + *at);
    orders_.erase(*at);
    at = meta_.orders.erase(at);
  }
}

void World::send(Order& order, std::string tracking, std::string carrier, std::int64_t at_ms) {
  Parcel parcel;
  parcel.carrier = carrier.empty() ? (below(2) == 0 ? "SF" : "YTO") : std::move(carrier);
  parcel.tracking = std::move(tracking);
  if (parcel.tracking.empty()) {
    parcel.tracking = parcel.carrier + std::to_string(1'000'000'000 + below(9'000'000'000));
  }
  parcel.sticks = below(100) < 18;
  parcel.at = at_ms;
  parcel.next_at = at_ms + between(2 * hour_ms, 10 * hour_ms);
  order.parcels = {std::move(parcel)};
  order.state = "shipped";
  order.ship_at = 0;
  for (const auto& line : order.lines) {
    Stock& stock = stock_of(line.sku);
    stock.on_hand = std::max<std::int64_t>(0, stock.on_hand - line.quantity);
  }
  allocate(order, -1);
  change(order, at_ms);
}

void World::move_parcel(Order& order) {
  Parcel& parcel = order.parcels[0];
  parcel.at = parcel.next_at;
  if (parcel.sticks && parcel.step == stuck_step && parcel.trouble.empty()) {
    static constexpr const char* troubles[] = {"exception", "customs_hold", "attempt_failed"};
    parcel.trouble = troubles[below(std::size(troubles))];
    parcel.next_at = parcel.at + between(5 * day_ms, 9 * day_ms);  // it does come loose again
  } else {
    parcel.trouble.clear();
    ++parcel.step;
    parcel.next_at = parcel.step == last_step ? 0 : parcel.at + between(4 * hour_ms, 20 * hour_ms);
    if (parcel.step == last_step) order.state = "delivered";
  }
  change(order, parcel.at);
}

void World::change(Order& order, std::int64_t at_ms) {
  ++order.revision;
  order.updated_at = std::max(order.updated_at, at_ms);
  changed_.insert("order/" + order.number);
}

void World::allocate(const Order& order, std::int64_t sign) {
  for (const auto& line : order.lines) {
    Stock& stock = stock_of(line.sku);
    stock.allocated = std::max<std::int64_t>(0, stock.allocated + sign * line.quantity);
    // A delivery comes before anything runs out for good.
    if (stock.on_hand < stock.allocated) stock.on_hand += 24;
    ++stock.revision;
  }
}

// --- What buyers say ---

void World::begin_chat(std::int64_t at_ms) {
  std::vector<Buyer*> free;
  for (auto& [id, buyer] : buyers_) {
    const bool busy = buyer.speak_at != 0 ||
                      (buyer.wrote_at != 0 && at_ms - buyer.wrote_at < hurried(3 * hour_ms));
    if (!busy) free.push_back(&buyer);
  }
  if (free.empty()) return;
  Buyer& buyer = *free[below(free.size())];

  struct Choice {
    Mood mood;
    const Order* order;
    std::uint64_t weight;
  };
  std::vector<Choice> choices = {{Mood::question, nullptr, 3}, {Mood::discount, nullptr, 1}};
  for (const auto& [number, order] : orders_) {
    if (order.buyer != buyer.id) continue;
    if (order.state == "paid") {
      for (const Mood mood : {Mood::when_ship, Mood::address, Mood::cancel, Mood::gift}) {
        choices.push_back({mood, &order, mood == Mood::when_ship ? 3u : 1u});
      }
    } else if (order.state == "shipped") {
      choices.push_back({Mood::where, &order, order.parcels[0].trouble.empty() ? 3u : 12u});
    } else if (order.state == "delivered" && at_ms - order.updated_at < 12 * day_ms) {
      for (const Mood mood : {Mood::damaged, Mood::wrong, Mood::invoice, Mood::praise}) {
        choices.push_back({mood, &order, mood == Mood::damaged ? 3u : 1u});
      }
    }
  }
  std::uint64_t sum = 0;
  for (const Choice& each : choices) sum += each.weight;
  std::uint64_t drawn = below(sum);
  std::size_t index = 0;
  while (drawn >= choices[index].weight) drawn -= choices[index++].weight;
  const Choice& choice = choices[index];

  buyer.order = choice.order ? choice.order->number : "";
  buyer.product =
      choice.order ? choice.order->lines.front().sku : catalogue()[below(catalogue().size())].sku;
  buyer.rounds = static_cast<std::int32_t>(between(1, 3));
  speak(buyer, choice.mood, at_ms);
  if (choice.mood != Mood::praise) {
    plan(buyer, Mood::nudge, at_ms + hurried(between(8 * minute_ms, 20 * minute_ms)));
  }
}

void World::begin_tour(std::int64_t now_ms) {
  bool asked = false;
  for (auto& [id, buyer] : buyers_) {
    if (buyer.language != options_.tour) continue;
    buyer.rounds = 1;
    buyer.product = catalogue().front().sku;
    if (!asked) {
      asked = true;
      speak(buyer, Mood::question, now_ms);
      continue;
    }
    place_order(id, now_ms - 9 * day_ms);
    Order& order = orders_.at(meta_.orders.back());
    send(order, {}, {}, now_ms - 8 * day_ms);
    Parcel& parcel = order.parcels[0];
    parcel.sticks = true;
    parcel.step = stuck_step;
    parcel.trouble = "exception";
    parcel.at = now_ms - 6 * day_ms;
    parcel.next_at = now_ms + 5 * day_ms;
    change(order, parcel.at);
    buyer.order = order.number;
    buyer.product = order.lines.front().sku;
    speak(buyer, Mood::where, now_ms);
    return;
  }
}

void World::speak(Buyer& buyer, Mood mood, std::int64_t at_ms) {
  const auto choices = lines(mood, buyer.language);
  std::string text = choices[below(choices.size())];
  text = fill(std::move(text), "number", buyer.order);
  text = fill(std::move(text), "product", product_name(buyer));
  text = fill(std::move(text), "name", buyer.name);
  text = fill(std::move(text), "city", buyer.city);
  Message message;
  message.id = "m" + std::to_string(++meta_.messages);
  message.buyer = buyer.id;
  message.text = std::move(text);
  message.at = at_ms;
  meta_.outbox.push_back(std::move(message));
  buyer.wrote_at = at_ms;
  buyer.speak_at = 0;
  changed_.insert("buyer/" + buyer.id);
}

void World::plan(Buyer& buyer, Mood mood, std::int64_t at_ms) {
  buyer.speak_at = at_ms;
  buyer.mood = to_string(mood);
  changed_.insert("buyer/" + buyer.id);
}

std::string World::product_name(const Buyer& buyer) const {
  for (const Product& product : catalogue()) {
    if (buyer.product == product.sku) return buyer.language == "zh" ? product.zh : product.en;
  }
  return buyer.product;
}

// --- Keeping ---

std::vector<World::Record> World::records() {
  if (changed_.empty() && meta_.outbox.empty() && !meta_changed_) return {};
  // The shop may die between any two: what names the others follows them, what it names no longer
  // is erased after it, and what says that a request is done comes after all.
  std::vector<Record> changed;
  std::vector<Record> gone;
  for (const std::string& key : changed_) {
    const std::string id = key.substr(key.find('/') + 1);
    const Order* order = key.starts_with("order/") ? find_order(id) : nullptr;
    const Buyer* buyer = key.starts_with("buyer/") ? find_buyer(id) : nullptr;
    if (order == nullptr && buyer == nullptr) {
      gone.emplace_back(key, std::string());
    } else {
      changed.emplace_back(key, order ? packed(*order) : packed(*buyer));
    }
  }
  changed.emplace_back("meta", packed(meta_));
  changed.insert(changed.end(), gone.begin(), gone.end());
  std::stable_partition(changed.begin(), changed.end(),
                        [this](const Record& each) { return each.first != acted_on_; });
  changed_.clear();
  meta_changed_ = false;
  acted_on_.clear();
  return changed;
}

Result<std::optional<World>> World::load(const Options& options, const Load& load) {
  const auto meta_bytes = load("meta");
  if (!meta_bytes) return meta_bytes.error();
  if (!meta_bytes->has_value()) return std::optional<World>();
  auto meta = unpacked<Meta>(**meta_bytes);
  if (!meta) return Error{meta.error().code, meta.error().message, "meta"};
  if (meta->format != 1) {
    return Error{Status::invalid, "the shop was kept by a newer version", "meta"};
  }
  World world(options);
  world.meta_ = std::move(*meta);
  // The settings may have changed.
  if (options.messages_per_hour == 0) {
    world.meta_.chat_at = 0;
  } else if (world.meta_.chat_at == 0) {
    world.meta_.chat_at = 1;  // long ago: the next advance begins anew
  }
  for (std::uint32_t i = 1; i <= world.meta_.buyers; ++i) {
    const std::string key = "buyer/b" + std::to_string(i);
    const auto bytes = load(key);
    if (!bytes) return bytes.error();
    auto buyer = unpacked<Buyer>(bytes->value_or(std::string()));
    if (!buyer) return Error{buyer.error().code, buyer.error().message, key};
    world.buyers_[buyer->id] = std::move(*buyer);
  }
  for (const std::string& number : world.meta_.orders) {
    const auto bytes = load("order/" + number);
    if (!bytes) return bytes.error();
    auto order = unpacked<Order>(bytes->value_or(std::string()));
    if (!order) return Error{order.error().code, order.error().message, number};
    world.orders_[number] = std::move(*order);
  }
  return std::optional<World>(std::move(world));
}

const Buyer* World::find_buyer(std::string_view id) const {
  const auto found = buyers_.find(std::string(id));
  return found == buyers_.end() ? nullptr : &found->second;
}

const Order* World::find_order(std::string_view number) const {
  const auto found = orders_.find(std::string(number));
  return found == orders_.end() ? nullptr : &found->second;
}

const Stock& World::stock(std::string_view sku) const {
  static const Stock none;
  const auto found = std::find_if(meta_.stock.begin(), meta_.stock.end(),
                                  [&](const Stock& each) { return each.sku == sku; });
  return found == meta_.stock.end() ? none : *found;
}

Stock& World::stock_of(std::string_view sku) {
  const auto found = std::find_if(meta_.stock.begin(), meta_.stock.end(),
                                  [&](const Stock& each) { return each.sku == sku; });
  if (found != meta_.stock.end()) return *found;
  Stock& added = meta_.stock.emplace_back();
  added.sku = sku;
  return added;
}

}  // namespace deskmate::sample
