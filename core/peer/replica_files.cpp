// Attachments, in pieces, from whoever has them.
#include <algorithm>
#include <utility>

#include "core/peer/replica_impl.hpp"

namespace deskmate::peer {

void Replica::Impl::want_file(const Hash32& hash, std::uint64_t have) {
  if (fetches_.contains(hash)) return;
  if (fetches_.size() >= files_wanted_max) {
    outputs_.push_back(out::FileDone{hash, false});
    return;
  }
  fetches_[hash].next = have;
  fetch_files();
  pump();
}

// Begins fetches, as many as may be under way at once.
void Replica::Impl::fetch_files() {
  std::size_t active = 0;
  for (const auto& [hash, fetch] : fetches_) active += fetch.from ? 1 : 0;
  std::vector<Hash32> waiting;
  for (const auto& [hash, fetch] : fetches_) {
    if (!fetch.from && !fetch.storing) waiting.push_back(hash);
  }
  for (const Hash32& hash : waiting) {
    if (active >= files_at_once) return;
    fetch_from_another(hash, fetches_[hash]);
    const auto fetch = fetches_.find(hash);
    if (fetch != fetches_.end() && fetch->second.from) ++active;
  }
}

// Asks the next peer that was not asked yet. Once all have said no, it is not to be had; one who is
// not linked now may have it.
void Replica::Impl::fetch_from_another(const Hash32& hash, Fetch& fetch) {
  fetch.from.reset();
  for (auto& [id, link] : links_) {
    if (!link.greeted || link.closed || fetch.tried.contains(link.remote)) continue;
    fetch.from = id;
    send(link, message::FileWant{hash, fetch.next});
    return;
  }
  for (const auto& [id, peer] : known_) {
    if (!peer.cuts && !fetch.tried.contains(id)) return;
  }
  fetches_.erase(hash);
  outputs_.push_back(out::FileDone{hash, false});
}

void Replica::Impl::on(Link& link, message::FileData& m, Now) {
  const auto entry = fetches_.find(m.hash);
  if (entry == fetches_.end() || entry->second.from != link.id || entry->second.storing) return;
  Fetch& fetch = entry->second;
  if (m.total == 0 || fetch.next > m.total) {
    fetch.tried.insert(link.remote);
    return fetch_from_another(m.hash, fetch);
  }
  if (m.offset != fetch.next || m.bytes.empty() || m.bytes.size() > m.total - m.offset) {
    return close(link, Trouble::protocol, "a piece of a file that does not go on");
  }
  fetch.storing = true;
  outputs_.push_back(out::PutFile{m.hash, m.offset, m.total, std::move(m.bytes)});
}

void Replica::Impl::file_stored(const Hash32& hash, std::uint64_t next, FileState state) {
  const auto entry = fetches_.find(hash);
  if (entry == fetches_.end()) return;
  Fetch& fetch = entry->second;
  fetch.storing = false;
  fetch.next = next;
  Link* link = fetch.from ? find(*fetch.from) : nullptr;
  if (state == FileState::complete) {
    fetches_.erase(entry);
    outputs_.push_back(out::FileDone{hash, true});
  } else if (state == FileState::failed) {
    if (link != nullptr) fetch.tried.insert(link->remote);
    fetch_from_another(hash, fetch);
  } else if (link != nullptr) {
    send(*link, message::FileWant{hash, next});
  } else {
    fetch.from.reset();
  }
  fetch_files();
  pump();
}

void Replica::Impl::on(Link& link, message::FileWant& m, Now) {
  if (link.file_wants.size() >= file_wants_max) {
    return close(link, Trouble::too_much, "too many files at once");
  }
  link.file_wants.push_back(m);
}

// After the logs, and only while the carrier has room.
void Replica::Impl::serve_files(Link& link) {
  while (!link.file_wants.empty() && link.unsent < carrier_unsent_max) {
    const message::FileWant want = link.file_wants.front();
    link.file_wants.pop_front();
    message::FileData data;
    data.hash = want.hash;
    data.offset = want.offset;
    if (auto piece = store_.read_file(want.hash, want.offset, file_piece_bytes_max);
        piece && !piece->bytes.empty()) {
      data.total = piece->total;
      data.bytes = std::move(piece->bytes);
    }
    send(link, data);
  }
}

}  // namespace deskmate::peer
