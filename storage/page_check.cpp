#include "storage/page_check.hpp"

#include <array>
#include <compare>
#include <cstring>
#include <utility>
#include <vector>

#include "storage/posix.hpp"

namespace deskmate::storage {
namespace {

// LMDB 0.9's format on 64-bit machines, in the machine's own byte order.
constexpr std::uint32_t page_magic = 0xBEEFC0DE;
constexpr std::uint32_t data_version = 1;
constexpr std::uint64_t no_page = ~std::uint64_t{0};
constexpr std::size_t page_header = 16;
constexpr std::size_t node_header = 8;
constexpr std::uint64_t page_size_max = 65536;
constexpr int depth_max = 32;
enum PageFlag : std::uint16_t { branch = 1, leaf = 2, overflow = 4, meta = 8 };
enum NodeFlag : std::uint16_t { big_data = 1, sub_data = 2 };
// How a tree is sorted. Those with several values to a key are not used; LMDB ends the process over
// a list of free pages that is said to be one.
enum TreeFlag : std::uint16_t { kind_mask = 0x7e, integer_keys = 8 };

struct Tree {
  std::uint32_t pad;
  std::uint16_t flags;
  std::uint16_t depth;
  std::uint64_t branch_pages;
  std::uint64_t leaf_pages;
  std::uint64_t overflow_pages;
  std::uint64_t entries;
  std::uint64_t root;
};
static_assert(sizeof(Tree) == 48);

struct Meta {
  std::uint32_t magic;
  std::uint32_t version;
  std::uint64_t address;
  std::uint64_t map_size;
  std::array<Tree, 2> trees;  // free pages, named databases
  std::uint64_t last_page;
  std::uint64_t txn;
};

template <class T>
T load(std::string_view bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

class Checker {
 public:
  Checker(int fd, const std::string& path) : fd_(fd), path_(path) {}

  Result<void> run() {
    auto size = size_of(fd_, path_);
    if (!size) return size.error();
    file_size_ = *size;
    auto found = newest_meta();
    if (!found) return found.error();
    const Meta& newest = *found;
    pages_ = file_size_ / page_size_;
    last_page_ = newest.last_page;
    used_.assign(static_cast<std::size_t>(pages_), false);
    for (std::size_t page = 0; page < 2; ++page) used_[page] = true;
    for (const Tree& tree : newest.trees) {
      is_free_list_ = &tree == newest.trees.data();
      auto checked = check_tree(tree);
      if (!checked) return checked;
    }
    for (std::uint64_t page : free_) {
      if (page < pages_ && used_[static_cast<std::size_t>(page)])
        return bad(page, "is used and free");
    }
    return {};
  }

 private:
  struct Key {
    std::string bytes;
    bool is_branch = false;
    bool is_set = false;
  };

  Error bad(std::uint64_t page, const char* why) const {
    return {Errc::damaged, path_ + " is damaged (page " + std::to_string(page) + " " + why +
                               "). Keep a copy of the folder and restore the latest backup with "
                               "`deskmate restore FILE`"};
  }

  Result<Meta> newest_meta() {
    Meta newest{};
    std::uint64_t newest_page = 0;
    for (std::uint64_t page = 0; page < 2; ++page) {
      std::uint64_t offset = page * page_size_;
      if (file_size_ < offset + page_header + sizeof(Meta)) return bad(page, "is missing");
      auto bytes = read_at(fd_, offset, page_header + sizeof(Meta), path_);
      if (!bytes) return bytes.error();
      Meta found = load<Meta>(*bytes, page_header);
      if ((load<std::uint16_t>(*bytes, 10) & meta) == 0 || found.magic != page_magic ||
          found.version != data_version) {
        return bad(page, "is not a database's first page");
      }
      std::uint64_t page_size = found.trees[0].pad;
      if (page_size < 512 || page_size > page_size_max || (page_size & (page_size - 1)) != 0) {
        return bad(page, "has an impossible page size");
      }
      if (page == 0) page_size_ = page_size;
      if (page_size != page_size_) return bad(page, "has another page size");
      if (page == 0 || found.txn > newest.txn) {
        newest = found;
        newest_page = page;
      }
    }
    // A reader takes the one that its transaction's number says, whichever is newer.
    if (newest.txn % 2 != newest_page) return bad(newest_page, "stands in the other's place");
    return newest;
  }

  Result<void> check_tree(const Tree& tree) {
    // With the free list the environment's own flags are kept, too.
    const int kind = is_free_list_ ? tree.flags & kind_mask : tree.flags;
    if (kind != (is_free_list_ ? integer_keys : 0)) {
      return bad(tree.root, "is of a kind that is not used");
    }
    if (tree.root == no_page) return {};
    if (tree.depth == 0 || tree.depth > depth_max) return bad(tree.root, "has an impossible depth");
    Key outer = std::exchange(last_key_, Key());
    auto checked = check_page(tree.root, tree.depth);
    last_key_ = std::move(outer);
    return checked;
  }

  // What stands left of a branch's key is less, what stands right of it is not. Where that does not
  // hold LMDB does not find what is there; a database that it does not find by its name it writes
  // to through a null pointer.
  Result<void> check_order(std::uint64_t page, std::string_view key, bool is_branch) {
    if (is_free_list_ && key.size() != sizeof(std::uint64_t)) return bad(page, "has an odd key");
    if (last_key_.is_set) {
      const auto order =
          is_free_list_ ? load<std::uint64_t>(key, 0) <=> load<std::uint64_t>(last_key_.bytes, 0)
                        : key <=> std::string_view(last_key_.bytes);
      if (std::is_lt(order) || (std::is_eq(order) && (is_branch || !last_key_.is_branch))) {
        return bad(page, "is out of order");
      }
    }
    last_key_.bytes.assign(key);  // in the memory that it has: there are hundreds of thousands
    last_key_.is_branch = is_branch;
    last_key_.is_set = true;
    return {};
  }

  Result<void> use(std::uint64_t page, std::uint64_t count) {
    if (page > last_page_ || count > pages_ || page > pages_ - count) {
      return bad(page, "is missing: the file was cut short");
    }
    for (std::uint64_t i = page; i < page + count; ++i) {
      if (used_[static_cast<std::size_t>(i)]) return bad(i, "is used twice");
      used_[static_cast<std::size_t>(i)] = true;
    }
    return {};
  }

  Result<void> check_page(std::uint64_t page, int depth) {
    auto free_to_use = use(page, 1);
    if (!free_to_use) return free_to_use;
    if (depth == 1 && in_named_ && file_size_ > check_leaves_up_to_bytes) return {};
    auto bytes = read_at(fd_, page * page_size_, static_cast<std::size_t>(page_size_), path_);
    if (!bytes) return bytes.error();
    const std::string& data = *bytes;
    auto lower = load<std::uint16_t>(data, 12);
    auto upper = load<std::uint16_t>(data, 14);
    if (load<std::uint64_t>(data, 0) != page) return bad(page, "is another page");
    if (load<std::uint16_t>(data, 10) != (depth == 1 ? leaf : branch))
      return bad(page, "is of another kind");
    if (lower < page_header || lower > upper || upper > page_size_)
      return bad(page, "has impossible bounds");
    std::size_t count = (lower - page_header) / 2;
    if (count == 0) return bad(page, "has no entries");  // LMDB gives such pages up
    // LMDB insists on two, but for its list of free pages.
    if (depth > 1 && count < (is_free_list_ ? 1U : 2U)) return bad(page, "has no branches");
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t at = load<std::uint16_t>(data, page_header + 2 * i);
      if (at < upper || at + node_header > page_size_) return bad(page, "has an entry outside");
      // A branch's first entry has no key of its own.
      auto checked = check_node(page, data, at, depth, depth == 1 || i > 0);
      if (!checked) return checked;
    }
    return {};
  }

  Result<void> check_node(std::uint64_t page, std::string_view data, std::size_t at, int depth,
                          bool has_key) {
    std::uint64_t low =
        load<std::uint16_t>(data, at) | std::uint64_t{load<std::uint16_t>(data, at + 2)} << 16;
    auto flags = load<std::uint16_t>(data, at + 4);
    std::size_t key_end = at + node_header + load<std::uint16_t>(data, at + 6);
    if (key_end > page_size_) return bad(page, "has a key outside");
    if (has_key) {
      const std::size_t key = at + node_header;
      auto in_order = check_order(page, data.substr(key, key_end - key), depth > 1);
      if (!in_order) return in_order;
    }
    if (depth > 1) return check_page(low | std::uint64_t{flags} << 32, depth - 1);
    // Others make LMDB look for what these databases do not have.
    if (flags != 0 && flags != big_data && flags != sub_data) {
      return bad(page, "has an entry of a kind that is not used");
    }
    if ((flags & big_data) != 0) {
      if (key_end + sizeof(std::uint64_t) > page_size_) return bad(page, "has a value outside");
      return check_overflow(load<std::uint64_t>(data, key_end), low);
    }
    if (key_end + low > page_size_) return bad(page, "has a value outside");
    if ((flags & sub_data) != 0) {
      if (low != sizeof(Tree)) return bad(page, "names no database");
      in_named_ = true;
      auto checked = check_tree(load<Tree>(data, key_end));
      in_named_ = false;
      return checked;
    }
    if (is_free_list_) return note_free(page, data.substr(key_end, static_cast<std::size_t>(low)));
    return {};
  }

  Result<void> check_overflow(std::uint64_t page, std::uint64_t size) {
    std::uint64_t count = (page_header - 1 + size) / page_size_ + 1;
    auto free_to_use = use(page, count);
    if (!free_to_use) return free_to_use;
    auto header = read_at(fd_, page * page_size_, page_header, path_);
    if (!header) return header.error();
    if (load<std::uint64_t>(*header, 0) != page ||
        (load<std::uint16_t>(*header, 10) & overflow) == 0 ||
        load<std::uint32_t>(*header, 12) < count) {
      return bad(page, "does not start a long value");
    }
    if (!is_free_list_) return {};
    auto value =
        read_at(fd_, page * page_size_ + page_header, static_cast<std::size_t>(size), path_);
    if (!value) return value.error();
    return note_free(page, *value);
  }

  Result<void> note_free(std::uint64_t page, std::string_view value) {
    if (value.size() < sizeof(std::uint64_t)) return bad(page, "has no list of free pages");
    auto count = load<std::uint64_t>(value, 0);
    if (count > value.size() / sizeof(std::uint64_t) - 1) return bad(page, "has a list cut short");
    for (std::size_t i = 1; i <= count; ++i) {
      auto free_page = load<std::uint64_t>(value, i * sizeof(std::uint64_t));
      if (free_page < 2 || free_page > last_page_)
        return bad(page, "lists an impossible free page");
      free_.push_back(free_page);
    }
    return {};
  }

  int fd_;
  const std::string& path_;
  std::uint64_t file_size_ = 0;
  std::uint64_t page_size_ = 0;
  std::uint64_t pages_ = 0;
  std::uint64_t last_page_ = 0;
  bool is_free_list_ = false;
  bool in_named_ = false;  // in one of the named databases
  Key last_key_;           // of the tree that is being read
  std::vector<bool> used_;
  std::vector<std::uint64_t> free_;
};

}  // namespace

Result<void> check_pages(int fd, const std::string& path) {
  static_assert(sizeof(std::size_t) == 8, "LMDB's file differs on 32-bit machines");
  return Checker(fd, path).run();
}

bool half_made(int fd, const std::string& path) {
  auto size = size_of(fd, path);
  if (!size || *size < page_header + sizeof(Meta)) return false;
  auto bytes = read_at(fd, 0, page_header + sizeof(Meta), path);
  if (!bytes) return false;
  Meta first = load<Meta>(*bytes, page_header);
  std::uint64_t page_size = first.trees[0].pad;
  return first.magic == page_magic && first.version == data_version && first.txn == 0 &&
         page_size <= page_size_max && *size < 2 * page_size;
}

}  // namespace deskmate::storage
