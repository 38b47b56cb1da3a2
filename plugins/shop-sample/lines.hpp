// What the sample shop's buyers say, and what it sells. In {braces}: {name}, {number}, {product},
// {city}.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace deskmate::sample {

// Why a buyer speaks.
enum class Mood {
  where,      // a parcel that takes long
  when_ship,  // paid, not sent yet
  address,    // sent to the wrong place
  cancel,
  gift,  // a wish for packing
  damaged,
  wrong,  // not what was ordered
  invoice,
  praise,
  question,  // before buying
  discount,
  ask,    // after an answer: one more thing
  nudge,  // no answer yet
  thanks,
  relief,  // thanks for something done
};
inline constexpr int mood_count = 15;

// The lines of a mood in "en" or "zh".
std::span<const char* const> lines(Mood mood, std::string_view language);

const char* to_string(Mood mood);
Mood mood_of(std::string_view name);  // thanks for any other

struct Product {
  const char* sku;
  const char* en;
  const char* zh;
  std::int64_t price;  // fen
  std::int64_t stock;
};
std::span<const Product> catalogue();

struct Person {
  const char* name;
  const char* login;  // of the e-mail address
  const char* city;
  const char* street;
};
std::span<const Person> people(std::string_view language);

// text with name replaced by value wherever it stands in braces.
std::string fill(std::string text, std::string_view name, std::string_view value);

}  // namespace deskmate::sample
