#include "core/host/secrets.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/host/toml_reader.hpp"

namespace deskmate::host {
namespace {

// What reading the file came to; text is empty where it is not there.
struct Read {
  std::optional<Text> refused;
  std::string text;
};

Read read_private(const std::filesystem::path& path) {
  Read out;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) {
    if (errno != ENOENT) {
      const std::string why = std::strerror(errno);
      out.refused = Text{"cannot be read: " + why, "无法读取：" + why};
    }
    return out;
  }
  struct stat info {};
  // Of the file that is open, so that nobody exchanges it in between.
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    out.refused = Text{"is no regular file", "不是普通文件"};
  } else if (info.st_uid != geteuid()) {
    out.refused =
        Text{"belongs to another user than the one Deskmate runs as", "不属于运行 Deskmate 的用户"};
  } else if ((info.st_mode & 07777) != 0600) {
    out.refused = Text{"can be read by others; make it private: chmod 600 " + path.string(),
                       "可被他人读取；请执行：chmod 600 " + path.string()};
  } else if (info.st_size > static_cast<off_t>(secrets_bytes_max)) {
    out.refused = Text{"is longer than 64 KiB", "超过 64 KiB"};
  } else {
    out.text.resize(static_cast<std::size_t>(info.st_size));
    std::size_t have = 0;
    while (have < out.text.size()) {
      const ssize_t got = read(fd, out.text.data() + have, out.text.size() - have);
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    out.text.resize(have);
  }
  close(fd);
  return out;
}

Error refuse(Status code, const std::filesystem::path& path, const Text& text) {
  return {code, path.string() + " " + text.en, "secret"};
}

}  // namespace

std::filesystem::path Secrets::file(std::string_view instance) const {
  return folder_ / (std::string(instance) + ".toml");
}

Result<std::string> Secrets::get(const Manifest& manifest, std::string_view instance,
                                 std::string_view name) const {
  const auto names_it = [name](const std::vector<std::string>& known) {
    return std::find(known.begin(), known.end(), name) != known.end();
  };
  if (!names_it(manifest.secrets) && !names_it(manifest.optional_secrets)) {
    return Error{Status::denied, "secret \"" + std::string(name) + "\" is not in the manifest",
                 "secret"};
  }
  const std::filesystem::path path = file(instance);
  const Read in = read_private(path);
  if (in.refused) return refuse(Status::denied, path, *in.refused);
  TomlReader reader(path.string());
  const auto table = reader.parse(in.text);
  // The reader's own words may quote the line, and with it a secret: say only where.
  if (!table) return refuse(Status::invalid, path, {"is not TOML", ""});
  const auto value = (*table)[name].value_exact<std::string>();
  if (!value) {
    return refuse(Status::not_found, path,
                  {"has no text called \"" + std::string(name) + "\"", ""});
  }
  return *value;
}

Checked<void> Secrets::check(const Manifest& manifest, std::string_view instance) const {
  const std::filesystem::path path = file(instance);
  const Read in = read_private(path);
  if (in.refused) return Faults{{{path.string(), 0, 0, *in.refused}}};
  TomlReader reader(path.string());
  const auto table = reader.parse(in.text);
  if (!table) {
    Faults faults = reader.take();
    faults.list.front().text = {"this is not TOML", "不是有效的 TOML"};
    return faults;
  }
  std::vector<std::string_view> known(manifest.secrets.begin(), manifest.secrets.end());
  known.insert(known.end(), manifest.optional_secrets.begin(), manifest.optional_secrets.end());
  reader.only(*table, known);
  Faults faults;
  for (const std::string_view name : known) {
    if (table->contains(name) && !(*table)[name].is_string()) reader.text(*table, name);
  }
  for (const std::string& name : manifest.secrets) {
    if (table->contains(name)) continue;
    faults.list.push_back(
        {path.string(), 0, 0, {"secret \"" + name + "\" is missing", "缺少机密“" + name + "”"}});
  }
  Faults found = reader.take();
  faults.list.insert(faults.list.end(), found.list.begin(), found.list.end());
  if (faults.list.empty()) return {};
  return faults;
}

}  // namespace deskmate::host
