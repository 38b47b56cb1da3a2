#include "plugins/chat-email/imap.hpp"

#include <libetpan/libetpan.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <limits>

#include "plugins/chat-email/text.hpp"

namespace deskmate::chat_email {
namespace {

struct SetFree {
  void operator()(mailimap_set* set) const { mailimap_set_free(set); }
};
using Set = std::unique_ptr<mailimap_set, SetFree>;

struct TypeFree {
  void operator()(mailimap_fetch_type* type) const { mailimap_fetch_type_free(type); }
};
using FetchType = std::unique_ptr<mailimap_fetch_type, TypeFree>;

struct FetchedFree {
  void operator()(clist* list) const { mailimap_fetch_list_free(list); }
};
struct FoundFree {
  void operator()(clist* list) const { mailimap_search_result_free(list); }
};
struct ListedFree {
  void operator()(clist* list) const { mailimap_list_result_free(list); }
};
struct KeyFree {
  void operator()(mailimap_search_key* key) const { mailimap_search_key_free(key); }
};
struct FlagsFree {
  void operator()(mailimap_store_att_flags* flags) const { mailimap_store_att_flags_free(flags); }
};

// libetpan's lists, for range-for.
template <class T, class Each>
void each(clist* list, const Each& run) {
  if (list == nullptr) return;
  for (clistiter* at = clist_begin(list); at != nullptr; at = clist_next(at)) {
    run(static_cast<T*>(clist_content(at)));
  }
}

std::uint64_t ms_of(const mailimap_date_time& date) {
  std::tm tm{};
  tm.tm_year = date.dt_year - 1900;
  tm.tm_mon = date.dt_month - 1;
  tm.tm_mday = date.dt_day;
  tm.tm_hour = date.dt_hour;
  tm.tm_min = date.dt_min;
  tm.tm_sec = date.dt_sec;
  const int zone = std::abs(date.dt_zone);
  const std::int64_t offset = std::int64_t{zone / 100} * 3600 + std::int64_t{zone % 100} * 60;
  const std::int64_t seconds = timegm(&tm) - (date.dt_zone < 0 ? -offset : offset);
  return seconds > 0 ? static_cast<std::uint64_t>(seconds) * 1000 : 0;
}

Set set_of(const std::vector<std::uint32_t>& uids) {
  Set set(mailimap_set_new_empty());
  for (std::size_t i = 0; i < uids.size();) {
    std::size_t end = i;
    while (end + 1 < uids.size() && uids[end + 1] == uids[end] + 1) ++end;
    mailimap_set_add_interval(set.get(), uids[i], uids[end]);
    i = end + 1;
  }
  return set;
}

std::uint32_t uid_of(const mailimap_msg_att* message) {
  std::uint32_t uid = 0;
  each<mailimap_msg_att_item>(message->att_list, [&](mailimap_msg_att_item* item) {
    if (item->att_type != MAILIMAP_MSG_ATT_ITEM_STATIC) return;
    const auto* att = item->att_data.att_static;
    if (att->att_type == MAILIMAP_MSG_ATT_UID) uid = att->att_data.att_uid;
  });
  return uid;
}

MailInfo info_of(const mailimap_msg_att* message) {
  MailInfo info;
  info.uid = uid_of(message);
  each<mailimap_msg_att_item>(message->att_list, [&](mailimap_msg_att_item* item) {
    if (item->att_type != MAILIMAP_MSG_ATT_ITEM_STATIC) return;
    const auto* att = item->att_data.att_static;
    if (att->att_type == MAILIMAP_MSG_ATT_RFC822_SIZE) info.size = att->att_data.att_rfc822_size;
    if (att->att_type == MAILIMAP_MSG_ATT_INTERNALDATE) {
      info.received_ms = ms_of(*att->att_data.att_internal_date);
    }
  });
  return info;
}

void read_marks(const mailimap_msg_att_item& item, Marks& marks, bool& with_flags) {
  if (item.att_type == MAILIMAP_MSG_ATT_ITEM_DYNAMIC && item.att_data.att_dyn != nullptr) {
    with_flags = true;
    marks.keywords.clear();
    each<mailimap_flag_fetch>(item.att_data.att_dyn->att_list, [&](mailimap_flag_fetch* flag) {
      if (flag->fl_flag == nullptr || flag->fl_flag->fl_type != MAILIMAP_FLAG_KEYWORD) return;
      marks.keywords.emplace_back(flag->fl_flag->fl_data.fl_keyword);
    });
  }
  if (item.att_type != MAILIMAP_MSG_ATT_ITEM_EXTENSION) return;
  const auto* data = item.att_data.att_extension_data;
  if (data->ext_extension != &mailimap_extension_condstore ||
      data->ext_type != MAILIMAP_CONDSTORE_TYPE_FETCH_DATA) {
    return;
  }
  marks.modseq =
      static_cast<const mailimap_condstore_fetch_mod_resp*>(data->ext_data)->cs_modseq_value;
}

}  // namespace

Imap::Imap(std::unique_ptr<Wire> wire) : wire_(std::move(wire)), imap_(mailimap_new(0, nullptr)) {
  if (imap_ == nullptr) std::abort();
}

Imap::~Imap() {
  if (imap_->imap_stream != nullptr && !wire_->broken() && !wire_->interrupted()) {
    mailimap_logout(imap_);
  }
  mailimap_free(imap_);
}

std::string Imap::answer() const {
  return imap_->imap_response == nullptr ? "" : quote_server(imap_->imap_response, password_, 200);
}

Error Imap::error_of(int code, const std::string& doing) const {
  if (wire_->interrupted()) return {Status::cancelled, "stopping", ""};
  if (wire_->broken() || code == MAILIMAP_ERROR_STREAM) {
    return {Status::unavailable, "IMAP " + doing + ": " + wire_->why(), ""};
  }
  if (code == MAILIMAP_ERROR_PARSE) {
    return {Status::unavailable, "IMAP " + doing + ": an answer that cannot be read", ""};
  }
  return {Status::internal, "IMAP " + doing + ": " + answer(), ""};
}

Result<std::unique_ptr<Imap>> Imap::open(const Endpoint& endpoint, const Login& login,
                                         const Interrupt& interrupt) {
  auto wire = Wire::open(endpoint, interrupt);
  if (!wire) return wire.error();
  std::unique_ptr<Imap> imap(new Imap(std::move(*wire)));
  if (auto in = imap->log_in(endpoint, login); !in) return in.error();
  return imap;
}

Result<void> Imap::log_in(const Endpoint& endpoint, const Login& login) {
  password_ = login.password;
  int code = mailimap_connect(imap_, wire_->stream());
  if (code != MAILIMAP_NO_ERROR && code != MAILIMAP_NO_ERROR_NON_AUTHENTICATED &&
      code != MAILIMAP_NO_ERROR_AUTHENTICATED) {
    return error_of(code, "greeting");
  }
  if (endpoint.security == Security::starttls) {
    code = mailimap_starttls(imap_);
    if (code != MAILIMAP_NO_ERROR) {
      return Error{Status::denied,
                   endpoint.host + ": the server offers no STARTTLS / 服务器不支持 STARTTLS",
                   "tls"};
    }
    if (auto secured = wire_->start_tls(); !secured) return secured;
  }
  const std::string both = login.user + login.password;
  if (both.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
    return Error{Status::invalid, "the password has a line break / 密码中有换行符", "password"};
  }
  if (code != MAILIMAP_NO_ERROR_AUTHENTICATED) {
    code = mailimap_login(imap_, login.user.c_str(), login.password.c_str());
    if (code != MAILIMAP_NO_ERROR) {
      if (wire_->broken() || wire_->interrupted()) return error_of(code, "log-in");
      return Error{Status::denied,
                   endpoint.host + ": user name or password refused / 用户名或密码被拒绝",
                   "password"};
    }
  }
  // What is told is kept with the session. mailimap_capability would ask, too, but ends the process
  // where the server agrees and then names nothing.
  code = mailimap_custom_command(imap_, "CAPABILITY");
  if (code != MAILIMAP_NO_ERROR) return error_of(code, "capability");
  if (offers("ID")) {
    // Some providers (163.com) refuse to open folders for whoever does not introduce himself.
    std::string name = "deskmate";
    std::string version = "1";
    char* server_name = nullptr;
    char* server_version = nullptr;
    mailimap_id_basic(imap_, name.data(), version.data(), &server_name, &server_version);
    std::free(server_name);
    std::free(server_version);
  }
  return {};
}

Result<Selected> Imap::select(const std::string& folder) {
  wire_->new_answer();
  const int code = mailimap_select(imap_, folder.c_str());
  if (code == MAILIMAP_ERROR_SELECT) {
    return Error{Status::not_found, "IMAP: " + folder + ": " + answer(), ""};
  }
  if (code != MAILIMAP_NO_ERROR) return error_of(code, "select");
  const auto* info = imap_->imap_selection_info;
  Selected selected;
  selected.uid_validity = info->sel_uidvalidity;
  selected.uid_next = info->sel_uidnext;
  selected.exists = info->sel_exists;
  exists_ = info->sel_exists;
  if (selected.uid_next == 0) {
    // Old servers do not say: one behind the last.
    auto last = list_from(std::numeric_limits<std::uint32_t>::max());
    if (!last) return last.error();
    selected.uid_next = last->empty() ? 1 : last->back().uid + 1;
  }
  return selected;
}

Result<std::vector<MailInfo>> Imap::infos(mailimap_set* raw_set) {
  const Set set(raw_set);
  wire_->new_answer();
  const FetchType type(mailimap_fetch_type_new_fetch_att_list_empty());
  mailimap_fetch_type_new_fetch_att_list_add(type.get(), mailimap_fetch_att_new_uid());
  mailimap_fetch_type_new_fetch_att_list_add(type.get(), mailimap_fetch_att_new_rfc822_size());
  mailimap_fetch_type_new_fetch_att_list_add(type.get(), mailimap_fetch_att_new_internaldate());
  clist* raw = nullptr;
  const int code = mailimap_uid_fetch(imap_, set.get(), type.get(), &raw);
  const std::unique_ptr<clist, FetchedFree> list(raw);
  if (code != MAILIMAP_NO_ERROR) return error_of(code, "list");
  std::vector<MailInfo> all;
  each<mailimap_msg_att>(list.get(), [&](mailimap_msg_att* message) {
    const MailInfo info = info_of(message);
    if (info.uid != 0) all.push_back(info);
  });
  std::sort(all.begin(), all.end(),
            [](const MailInfo& a, const MailInfo& b) { return a.uid < b.uid; });
  return all;
}

Result<std::vector<MailInfo>> Imap::list_from(std::uint32_t first) {
  auto all = infos(mailimap_set_new_interval(first, 0));
  if (!all) return all;
  // "9:*" always includes the last one, whatever its number; for the highest number that is wanted.
  if (first != std::numeric_limits<std::uint32_t>::max()) {
    std::erase_if(*all, [&](const MailInfo& info) { return info.uid < first; });
  }
  return all;
}

Result<std::vector<MailInfo>> Imap::list_since(std::uint64_t time_ms) {
  wire_->new_answer();
  const std::time_t seconds = static_cast<std::time_t>(time_ms / 1000);
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  const std::unique_ptr<mailimap_search_key, KeyFree> key(mailimap_search_key_new_since(
      mailimap_date_new(tm.tm_mday, tm.tm_mon + 1, tm.tm_year + 1900)));
  clist* raw = nullptr;
  const int code = mailimap_uid_search(imap_, nullptr, key.get(), &raw);
  const std::unique_ptr<clist, FoundFree> list(raw);
  if (code != MAILIMAP_NO_ERROR) return error_of(code, "search");
  std::vector<std::uint32_t> uids;
  each<std::uint32_t>(list.get(), [&](std::uint32_t* uid) { uids.push_back(*uid); });
  if (uids.empty()) return std::vector<MailInfo>{};
  std::sort(uids.begin(), uids.end());
  return infos(set_of(uids).release());
}

Result<std::map<std::uint32_t, std::string>> Imap::fetch(const std::vector<std::uint32_t>& uids,
                                                         bool header_only) {
  std::map<std::uint32_t, std::string> mails;
  if (uids.empty()) return mails;
  wire_->new_answer();
  const Set set = set_of(uids);
  mailimap_section* section =
      header_only ? mailimap_section_new_header() : mailimap_section_new(nullptr);
  const FetchType type(mailimap_fetch_type_new_fetch_att_list_empty());
  mailimap_fetch_type_new_fetch_att_list_add(type.get(), mailimap_fetch_att_new_uid());
  mailimap_fetch_type_new_fetch_att_list_add(type.get(),
                                             mailimap_fetch_att_new_body_peek_section(section));
  clist* raw = nullptr;
  const int code = mailimap_uid_fetch(imap_, set.get(), type.get(), &raw);
  const std::unique_ptr<clist, FetchedFree> list(raw);
  if (code != MAILIMAP_NO_ERROR) return error_of(code, "fetch");
  each<mailimap_msg_att>(list.get(), [&](mailimap_msg_att* message) {
    const std::uint32_t uid = uid_of(message);
    each<mailimap_msg_att_item>(message->att_list, [&](mailimap_msg_att_item* item) {
      if (item->att_type != MAILIMAP_MSG_ATT_ITEM_STATIC) return;
      const auto* att = item->att_data.att_static;
      if (att->att_type != MAILIMAP_MSG_ATT_BODY_SECTION) return;
      const auto* body = att->att_data.att_body_section;
      if (uid != 0 && body->sec_body_part != nullptr) {
        mails[uid].assign(body->sec_body_part, body->sec_length);
      }
    });
  });
  return mails;
}

Result<std::vector<std::uint32_t>> Imap::find(const std::string& field, const std::string& value) {
  return find_any({field}, {value});
}

Result<std::vector<std::uint32_t>> Imap::find_any(const std::vector<std::string>& fields,
                                                  const std::vector<std::string>& values) {
  wire_->new_answer();
  std::unique_ptr<mailimap_search_key, KeyFree> key;
  for (const std::string& field : fields) {
    for (const std::string& value : values) {
      mailimap_search_key* one = mailimap_search_key_new_header(c_copy(field), c_copy(value));
      key.reset(key == nullptr ? one : mailimap_search_key_new_or(key.release(), one));
    }
  }
  if (key == nullptr) return std::vector<std::uint32_t>{};
  clist* raw = nullptr;
  const int code = mailimap_uid_search(imap_, nullptr, key.get(), &raw);
  const std::unique_ptr<clist, FoundFree> list(raw);
  if (code != MAILIMAP_NO_ERROR) return error_of(code, "search");
  std::vector<std::uint32_t> uids;
  each<std::uint32_t>(list.get(), [&](std::uint32_t* uid) { uids.push_back(*uid); });
  std::sort(uids.begin(), uids.end());
  return uids;
}

Result<std::vector<MailInfo>> Imap::list(const std::vector<std::uint32_t>& uids) {
  if (uids.empty()) return std::vector<MailInfo>{};
  return infos(set_of(uids).release());
}

bool Imap::keeps_marks() const {
  if (!offers("CONDSTORE") || imap_->imap_selection_info == nullptr) return false;
  bool any = false;
  each<mailimap_flag_perm>(imap_->imap_selection_info->sel_perm_flags,
                           [&](mailimap_flag_perm* flag) {
                             if (flag->fl_type == MAILIMAP_FLAG_PERM_ALL) any = true;
                           });
  return any;
}

Result<std::optional<Marks>> Imap::marks(std::uint32_t uid) {
  wire_->new_answer();
  // Else it might be what stood there when the folder was opened.
  int code = mailimap_noop(imap_);
  if (code != MAILIMAP_NO_ERROR) return error_of(code, "noop");
  const Set set = set_of({uid});
  const FetchType type(mailimap_fetch_type_new_fetch_att_list_empty());
  mailimap_fetch_type_new_fetch_att_list_add(type.get(), mailimap_fetch_att_new_uid());
  mailimap_fetch_type_new_fetch_att_list_add(type.get(), mailimap_fetch_att_new_flags());
  mailimap_fetch_type_new_fetch_att_list_add(type.get(), mailimap_fetch_att_new_modseq());
  clist* raw = nullptr;
  code = mailimap_uid_fetch(imap_, set.get(), type.get(), &raw);
  const std::unique_ptr<clist, FetchedFree> list(raw);
  if (code != MAILIMAP_NO_ERROR) return error_of(code, "marks");
  std::optional<Marks> found;
  each<mailimap_msg_att>(list.get(), [&](mailimap_msg_att* message) {
    if (uid_of(message) != uid) return;  // of others the server may speak, too
    Marks marks;
    bool with_flags = false;
    each<mailimap_msg_att_item>(message->att_list, [&](mailimap_msg_att_item* item) {
      read_marks(*item, marks, with_flags);
    });
    if (with_flags && marks.modseq != 0) found = std::move(marks);
  });
  return found;
}

Result<void> Imap::mark(std::uint32_t uid, const std::string& keyword, std::uint64_t modseq) {
  wire_->new_answer();
  // libetpan's own function for it leaves out a space that servers insist on.
  const std::string command = "UID STORE " + std::to_string(uid) + " (UNCHANGEDSINCE " +
                              std::to_string(modseq) + ") +FLAGS.SILENT (" + keyword + ")";
  const int code = mailimap_custom_command(imap_, command.c_str());
  // Where the condition does not hold, servers answer OK or NO.
  if (code == MAILIMAP_NO_ERROR || code == MAILIMAP_ERROR_CUSTOM_COMMAND) return {};
  return error_of(code, "claim");
}

Result<void> Imap::move(const std::vector<std::uint32_t>& uids, const std::string& folder) {
  if (uids.empty()) return {};
  wire_->new_answer();
  const Set set = set_of(uids);
  mailimap_flag_list* seen = mailimap_flag_list_new_empty();
  mailimap_flag_list_add(seen, mailimap_flag_new_seen());
  const std::unique_ptr<mailimap_store_att_flags, FlagsFree> mark(
      mailimap_store_att_flags_new_add_flags_silent(seen));
  int code = mailimap_uid_store(imap_, set.get(), mark.get());
  if (code != MAILIMAP_NO_ERROR) return error_of(code, "mark");
  if (offers("MOVE")) {
    code = mailimap_uid_move(imap_, set.get(), folder.c_str());
    if (code != MAILIMAP_NO_ERROR) return error_of(code, "move");
    return {};
  }
  // EXPUNGE without UIDs would remove what the owner marked elsewhere.
  if (!offers("UIDPLUS")) return {};
  code = mailimap_uid_copy(imap_, set.get(), folder.c_str());
  if (code != MAILIMAP_NO_ERROR) return error_of(code, "copy");
  mailimap_flag_list* deleted = mailimap_flag_list_new_empty();
  mailimap_flag_list_add(deleted, mailimap_flag_new_deleted());
  const std::unique_ptr<mailimap_store_att_flags, FlagsFree> remove(
      mailimap_store_att_flags_new_add_flags_silent(deleted));
  code = mailimap_uid_store(imap_, set.get(), remove.get());
  if (code == MAILIMAP_NO_ERROR) code = mailimap_uid_expunge(imap_, set.get());
  if (code != MAILIMAP_NO_ERROR) return error_of(code, "remove");
  return {};
}

Result<std::string> Imap::sent_folder() {
  wire_->new_answer();
  clist* raw = nullptr;
  const int code = mailimap_list(imap_, "", "*", &raw);
  const std::unique_ptr<clist, ListedFree> list(raw);
  if (code != MAILIMAP_NO_ERROR) return error_of(code, "folders");
  // Names are in IMAP's own UTF-7; the last is 已发送.
  constexpr std::array<std::string_view, 6> kNames{"Sent",       "Sent Items", "Sent Messages",
                                                   "INBOX.Sent", "INBOX/Sent", "&XfJT0ZAB-"};
  std::string marked;
  std::string named;
  each<mailimap_mailbox_list>(list.get(), [&](mailimap_mailbox_list* folder) {
    const std::string name = folder->mb_name;
    if (std::find(kNames.begin(), kNames.end(), name) != kNames.end() && named.empty()) {
      named = name;
    }
    if (folder->mb_flag == nullptr) return;
    each<mailimap_mbx_list_oflag>(folder->mb_flag->mbf_oflags, [&](mailimap_mbx_list_oflag* flag) {
      if (flag->of_flag_ext != nullptr && same_ascii(flag->of_flag_ext, "Sent")) marked = name;
    });
  });
  if (!marked.empty()) return marked;
  if (!named.empty()) return named;
  return Error{Status::not_found, "no folder for sent mails", ""};
}

bool Imap::has_idle() const { return offers("IDLE"); }

// mailimap_has_extension, but where the server has named capabilities and among them none.
bool Imap::offers(const char* extension) const {
  const auto* info = imap_->imap_connection_info;
  if (info == nullptr || info->imap_capability == nullptr) return false;
  if (info->imap_capability->cap_list == nullptr) return false;
  std::string name = extension;
  return mailimap_has_extension(imap_, name.data()) != 0;
}

Result<bool> Imap::idle(std::uint32_t timeout_ms) {
  wire_->new_answer();
  // What came since the last look is told now, not in the middle of the IDLE command's beginning.
  int code = mailimap_noop(imap_);
  if (code != MAILIMAP_NO_ERROR) return error_of(code, "noop");
  if (imap_->imap_selection_info->sel_exists != exists_) {
    exists_ = imap_->imap_selection_info->sel_exists;
    return true;
  }
  code = mailimap_idle(imap_);
  if (code != MAILIMAP_NO_ERROR) return error_of(code, "idle");
  const bool data = wire_->wait_readable(timeout_ms);
  if (wire_->interrupted()) return Error{Status::cancelled, "stopping", ""};
  code = mailimap_idle_done(imap_);
  if (code != MAILIMAP_NO_ERROR) return error_of(code, "idle");
  const bool changed = imap_->imap_selection_info->sel_exists != exists_;
  exists_ = imap_->imap_selection_info->sel_exists;
  return data || changed;
}

}  // namespace deskmate::chat_email
