// Attachments, in pieces, from whoever has them.
#include <algorithm>
#include <utility>

#include "core/peer/replica_impl.hpp"

namespace deskmate::peer {

void Replica::Impl::want_file(const Hash32& hash, std::uint64_t have, bool urgent, Now now) {
  if (!fetches_.contains(hash)) {
    if (fetches_.size() >= files_wanted_max) {
      outputs_.push_back(out::FileDone{hash, false});
      return;
    }
    fetches_[hash].next = have;
  }
  fetches_[hash].urgent = fetches_[hash].urgent || urgent;
  fetch_files(now);
  pump();
}

// Begins fetches, as many as may be under way at once, and gives up on links that say nothing.
void Replica::Impl::fetch_files(Now now) {
  std::size_t active = 0;
  std::deque<Hash32> waiting;
  for (auto& [hash, fetch] : fetches_) {
    if (fetch.from && !fetch.storing && now.steady_ms >= fetch.moved_ms + file_stall_ms) {
      if (const Link* link = find(*fetch.from)) fetch.tried.insert(link->remote);
      fetch.from.reset();
    }
    if (fetch.from || fetch.storing) {
      ++active;
    } else if (fetch.urgent) {
      waiting.push_front(hash);
    } else {
      waiting.push_back(hash);
    }
  }
  for (const Hash32& hash : waiting) {
    Fetch& fetch = fetches_[hash];
    if (active >= files_at_once + (fetch.urgent ? files_urgent_at_once : 0)) return;
    fetch_from_another(hash, fetch, now);
    const auto begun = fetches_.find(hash);
    if (begun != fetches_.end() && begun->second.from) ++active;
  }
}

// Asks the next peer that was not asked yet. Once all have said no, it is not to be had; one who is
// not linked now may have it.
void Replica::Impl::fetch_from_another(const Hash32& hash, Fetch& fetch, Now now) {
  fetch.from.reset();
  for (auto& [id, link] : links_) {
    if (!link.greeted || link.closed || fetch.tried.contains(link.remote)) continue;
    fetch.whole = false;
    return ask_for(link, hash, fetch, fetch.next, now);
  }
  for (const auto& [id, peer] : known_) {
    if (!peer.cuts && !fetch.tried.contains(id)) return;
  }
  fetches_.erase(hash);
  outputs_.push_back(out::FileDone{hash, false});
}

void Replica::Impl::ask_for(Link& link, const Hash32& hash, Fetch& fetch, std::uint64_t from,
                            Now now) {
  fetch.from = link.id;
  fetch.asked = from;
  fetch.whole = fetch.whole || from == 0;
  fetch.moved_ms = now.steady_ms;
  send(link, message::FileWant{hash, from});
}

void Replica::Impl::on(Link& link, message::FileData& m, Now now) {
  const auto entry = fetches_.find(m.hash);
  if (entry == fetches_.end() || entry->second.from != link.id || entry->second.storing) return;
  Fetch& fetch = entry->second;
  if (m.total == 0 || fetch.asked > m.total) {
    // What is here of it came from elsewhere, and may be longer than the whole.
    if (!fetch.whole) return ask_for(link, m.hash, fetch, 0, now);
    fetch.tried.insert(link.remote);
    return fetch_from_another(m.hash, fetch, now);
  }
  if (m.offset != fetch.asked || m.bytes.empty() || m.bytes.size() > m.total - m.offset) {
    return close(link, Trouble::protocol, "a piece of a file that does not go on");
  }
  fetch.storing = true;
  fetch.moved_ms = now.steady_ms;
  outputs_.push_back(out::PutFile{m.hash, m.offset, m.total, std::move(m.bytes)});
}

void Replica::Impl::file_stored(const Hash32& hash, std::uint64_t next, FileState state, Now now) {
  const auto entry = fetches_.find(hash);
  if (entry == fetches_.end()) return;
  Fetch& fetch = entry->second;
  fetch.storing = false;
  fetch.next = next;
  Link* link = fetch.from ? find(*fetch.from) : nullptr;
  if (state == FileState::complete) {
    fetches_.erase(entry);
    outputs_.push_back(out::FileDone{hash, true});
  } else if (link == nullptr) {
    fetch.from.reset();
  } else if (state == FileState::partial) {
    ask_for(*link, hash, fetch, next, now);
  } else if (!fetch.whole) {
    ask_for(*link, hash, fetch, 0, now);  // what came from elsewhere may be what is wrong
  } else {
    fetch.tried.insert(link->remote);
    fetch_from_another(hash, fetch, now);
  }
  fetch_files(now);
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
