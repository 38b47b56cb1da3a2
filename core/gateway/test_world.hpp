// A desk of two members for the gateway's tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/gateway/gateway.hpp"

namespace deskmate::gateway {

class TestWorld : public World {
 public:
  std::uint64_t wall_ms() const override { return now_ms; }
  std::string desk() const override { return "Tea"; }
  std::string language() const override { return "en"; }
  std::string version() const override { return "1"; }
  std::vector<Person> people() const override { return all; }
  bus::Rights rights(const Person& person) const override {
    bus::Rights rights;
    rights.member = person.number;
    rights.methods = {"desk.see"};
    if (person.access == "owner") rights.methods.push_back("desk.pair");
    return rights;
  }
  bool serves_web(std::string_view instance) const override { return instance == "wheel"; }
  std::string metrics() const override { return "deskmate_events 3\n"; }
  void file(std::string hash, std::function<void(Result<File>)> done) override {
    if (hash != std::string(64, 'a')) return done(Error{Status::not_found, "no such file", ""});
    done(File{content});
  }
  void blocking(std::function<void()> work, std::function<void()> then) override {
    work();
    then();
  }
  void log(std::string_view,
           const std::vector<std::pair<std::string, std::string>>& fields) override {
    for (const auto& [key, value] : fields) logged += key + "=" + value + " ";
  }

  std::uint64_t now_ms = 1'800'000'000'000;
  std::vector<Person> all{{1, "Ann", "owner"}, {2, "Li", "viewer"}};
  std::string content = "<script>alert(1)</script>";
  std::string logged;
};

}  // namespace deskmate::gateway
