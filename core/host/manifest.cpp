#include "core/host/manifest.hpp"

#include <deskmate/abi.h>
#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/host/settings.hpp"
#include "core/host/toml_reader.hpp"

namespace deskmate::host {
namespace {

const std::vector<std::string_view> plugin_kinds = {"chat", "shop", "courier", "rules", "other"};
const std::vector<std::string_view> setting_types = {"text", "integer", "boolean", "list", "url"};

std::string list_of(const std::vector<std::string_view>& words) {
  std::string all;
  for (const std::string_view word : words) {
    if (!all.empty()) all += ", ";
    all += word;
  }
  return all;
}

// Letters a-z, digits and the given others; begins with a letter.
bool is_name(std::string_view text, std::string_view others) {
  if (text.empty() || text.size() > manifest_id_max || text[0] < 'a' || text[0] > 'z') return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

// "message.received", "shop.order_note", "order.*", "*".
bool is_topic(std::string_view text) {
  if (text == "*") return true;
  if (text.size() > 2 && text.substr(text.size() - 2) == ".*") text.remove_suffix(2);
  return is_name(text, "._") && text.back() != '.' && text.find("..") == std::string_view::npos;
}

class ManifestReader {
 public:
  explicit ManifestReader(const std::string& file) : in_(file) {}

  Checked<Manifest> read(std::string_view text) {
    const auto root = in_.parse(text);
    if (root) {
      read_root(*root);
      check_hosts(*root);
    }
    if (!in_.ok()) return in_.take();
    return std::move(out_);
  }

 private:
  void read_root(const toml::table& root) {
    in_.only(root,
             {"id", "version", "kind", "abi", "name", "executable", "topics", "actions", "hosts",
              "secrets", "optional_secrets", "settings", "limits", "web", "methods"});
    out_.web = in_.boolean(root, "web").value_or(false);
    out_.id = required_text(root, "id");
    if (!out_.id.empty() && !is_name(out_.id, "-")) {
      in_.fault(*root.get("id"), "\"id\" has to be made of a-z, 0-9 and -, like \"chat-email\"",
                "“id”只能由 a-z、0-9 和 - 组成，例如 \"chat-email\"");
    }
    out_.version = required_text(root, "version");
    out_.kind = required_text(root, "kind");
    if (!out_.kind.empty()) one_of(*root.get("kind"), "kind", out_.kind, plugin_kinds);
    read_abi(root);
    out_.name = read_text(root, "name", true);
    read_executable(root);
    read_topics(root);
    if (const auto* actions = in_.table(root, "actions")) {
      in_.only(*actions, {"kinds"});
      out_.actions = names(*actions, "kinds");
    }
    for (auto& [host, node] : in_.texts(root, "hosts", manifest_list_max)) {
      out_.hosts.push_back(host);
    }
    read_methods(root);
    out_.secrets = names(root, "secrets");
    out_.optional_secrets = names(root, "optional_secrets");
    read_settings(root);
    read_limits(root);
  }

  std::string required_text(const toml::table& table, std::string_view key) {
    auto text = in_.text(table, key);
    if (!text) {
      if (!table.contains(key)) in_.missing(table, key);
      return {};
    }
    if (text->empty() || text->size() > manifest_id_max) {
      in_.fault(*table.get(key),
                "\"" + std::string(key) + "\" has to be 1 to " + std::to_string(manifest_id_max) +
                    " bytes long",
                "“" + std::string(key) + "”的长度必须是 1 到 " + std::to_string(manifest_id_max) +
                    " 字节");
      return {};
    }
    return *text;
  }

  void one_of(const toml::node& at, const std::string& key, std::string_view value,
              const std::vector<std::string_view>& known) {
    if (std::find(known.begin(), known.end(), value) != known.end()) return;
    std::string en = "\"" + key + "\" has to be one of " + list_of(known);
    std::string zh = "“" + key + "”必须是以下之一：" + list_of(known);
    if (const auto meant = nearest(value, known); !meant.empty()) {
      en += "; did you mean \"" + std::string(meant) + "\"?";
      zh += "；是否想写“" + std::string(meant) + "”？";
    }
    in_.fault(at, std::move(en), std::move(zh));
  }

  void read_abi(const toml::table& root) {
    if (!root.contains("abi")) {
      in_.missing(root, "abi");
      return;
    }
    const auto abi = in_.integer(root, "abi");
    if (!abi) return;
    if (*abi != DM_ABI) {
      in_.fault(*root.get("abi"),
                "this Deskmate loads plugins of abi " + std::to_string(DM_ABI) + ", not " +
                    std::to_string(*abi) + "; another version of the plugin is needed",
                "本机 Deskmate 只能加载 abi " + std::to_string(DM_ABI) + " 的插件，而不是 " +
                    std::to_string(*abi) + "；请换用该插件的其他版本");
      return;
    }
    out_.abi = static_cast<std::uint32_t>(*abi);
  }

  // {en = "...", zh = "..."}
  Text read_text(const toml::table& table, std::string_view key, bool required) {
    const auto* texts = in_.table(table, key);
    if (texts == nullptr) {
      if (required && !table.contains(key)) in_.missing(table, key);
      return {};
    }
    in_.only(*texts, {"en", "zh"});
    Text text{in_.text(*texts, "en").value_or(""), in_.text(*texts, "zh").value_or("")};
    if (text.en.empty() && !texts->contains("en")) in_.missing(*texts, "en");
    if (text.zh.empty() && !texts->contains("zh")) in_.missing(*texts, "zh");
    return text;
  }

  void read_executable(const toml::table& root) {
    const auto file = in_.text(root, "executable");
    if (!file) return;
    if (file->empty() || *file == "." || *file == ".." || file->find('/') != std::string::npos) {
      in_.fault(*root.get("executable"),
                "\"executable\" has to be the name of a file beside plugin.toml",
                "“executable”必须是与 plugin.toml 同目录的文件名");
      return;
    }
    out_.executable = *file;
  }

  void read_topics(const toml::table& root) {
    const auto* topics = in_.table(root, "topics");
    if (topics == nullptr) return;
    in_.only(*topics, {"read", "append", "bodies"});
    out_.read = topic_list(*topics, "read");
    out_.append = topic_list(*topics, "append");
    out_.bodies = in_.boolean(*topics, "bodies").value_or(false);
  }

  // No families: each is named, so that the owner sees what the plugin asks for.
  void read_methods(const toml::table& root) {
    for (auto& [method, node] : in_.texts(root, "methods", manifest_list_max)) {
      const bool known = method.starts_with("desk.") || method.starts_with("notice.");
      if (!known || !is_name(method, "._") || method.back() == '.') {
        in_.fault(*node,
                  "\"" + method + "\" is no method like \"desk.reply\" or \"notice.perform\"",
                  "“" + method + "”不是方法名（如 \"desk.reply\" 或 \"notice.perform\"）");
      }
      out_.methods.push_back(method);
    }
  }

  std::vector<std::string> topic_list(const toml::table& table, std::string_view key) {
    std::vector<std::string> all;
    for (auto& [topic, node] : in_.texts(table, key, manifest_list_max)) {
      if (!is_topic(topic)) {
        in_.fault(*node,
                  "\"" + topic +
                      "\" is no event type like \"message.received\" nor family like "
                      "\"order.*\"",
                  "“" + topic + "”不是事件类型（如 \"message.received\"）或类别（如 \"order.*\"）");
      }
      all.push_back(topic);
    }
    return all;
  }

  std::vector<std::string> names(const toml::table& table, std::string_view key) {
    std::vector<std::string> all;
    for (auto& [name, node] : in_.texts(table, key, manifest_list_max)) {
      if (!is_name(name, "_")) {
        in_.fault(*node, "\"" + name + "\" has to be made of a-z, 0-9 and _",
                  "“" + name + "”只能由 a-z、0-9 和 _ 组成");
      }
      all.push_back(name);
    }
    return all;
  }

  void read_settings(const toml::table& root) {
    const auto* settings = in_.table(root, "settings");
    if (settings == nullptr) return;
    if (settings->size() > manifest_list_max) {
      in_.fault(*settings, "at most " + std::to_string(manifest_list_max) + " settings",
                "最多 " + std::to_string(manifest_list_max) + " 个设置项");
      return;
    }
    for (auto&& [key, node] : *settings) {
      if (!is_name(key.str(), "_")) {
        in_.fault(key.source(),
                  "setting \"" + std::string(key.str()) + "\" has to be made of a-z, 0-9 and _",
                  "设置项“" + std::string(key.str()) + "”只能由 a-z、0-9 和 _ 组成");
      }
      if (const auto* table = in_.table(*settings, key.str())) {
        out_.settings.push_back(read_setting(std::string(key.str()), *table));
      }
    }
    // toml++ sorts by name; show them as the author wrote them.
    std::stable_sort(out_.settings.begin(), out_.settings.end(),
                     [&](const SettingSpec& a, const SettingSpec& b) {
                       return line_of(*settings, a.key) < line_of(*settings, b.key);
                     });
  }

  static toml::source_index line_of(const toml::table& table, std::string_view key) {
    const toml::node* node = table.get(key);
    return node == nullptr ? 0 : node->source().begin.line;
  }

  SettingSpec read_setting(std::string key, const toml::table& table) {
    SettingSpec spec;
    spec.key = std::move(key);
    in_.only(table, {"type", "required", "default", "min", "max", "doc"});
    const std::string type = required_text(table, "type");
    const auto found = std::find(setting_types.begin(), setting_types.end(), type);
    if (found != setting_types.end()) {
      spec.type = static_cast<SettingType>(found - setting_types.begin());
    } else if (!type.empty()) {
      one_of(*table.get("type"), "type", type, setting_types);
    }
    spec.required = in_.boolean(table, "required").value_or(false);
    for (const char* bound : {"min", "max"}) {
      if (table.contains(bound) && spec.type != SettingType::integer) {
        in_.fault(*table.get(bound), "\"" + std::string(bound) + "\" is for integers only",
                  "只有 integer 类型才能用“" + std::string(bound) + "”");
      }
    }
    spec.min = in_.integer(table, "min").value_or(spec.min);
    spec.max = in_.integer(table, "max").value_or(spec.max);
    if (spec.min > spec.max) {
      in_.fault(*table.get("max"), "\"max\" is less than \"min\"", "“max”小于“min”");
    }
    spec.doc = read_text(table, "doc", true);
    if (table.contains("default")) read_default(spec, *table.get("default"));
    return spec;
  }

  void read_default(SettingSpec& spec, const toml::node& node) {
    if (spec.required) {
      in_.fault(node, "a required setting has no default", "必填的设置项不能有默认值");
      return;
    }
    const Value value = value_of(node);
    if (const auto wrong = mistake(spec, value)) {
      in_.fault(node, wrong->en, wrong->zh);
      return;
    }
    spec.fallback = value;
  }

  void read_limits(const toml::table& root) {
    const auto* limits = in_.table(root, "limits");
    if (limits == nullptr) return;
    in_.only(*limits, {"memory_mb"});
    const auto memory = in_.integer(*limits, "memory_mb");
    if (!memory) return;
    if (*memory < memory_mb_min || *memory > memory_mb_max) {
      const std::string range =
          std::to_string(memory_mb_min) + " - " + std::to_string(memory_mb_max);
      in_.fault(*limits->get("memory_mb"), "\"memory_mb\" has to be within " + range,
                "“memory_mb”必须在 " + range + " 之间");
      return;
    }
    out_.memory_mb = static_cast<std::uint32_t>(*memory);
  }

  void check_hosts(const toml::table& root) {
    for (auto& [host, node] : in_.texts(root, "hosts", manifest_list_max)) {
      if (host.size() > 2 && host.front() == '{' && host.back() == '}') {
        const std::string key = host.substr(1, host.size() - 2);
        const SettingSpec* spec = out_.setting(key);
        if (spec == nullptr) {
          in_.fault(*node, "there is no setting \"" + key + "\"", "没有名为“" + key + "”的设置项");
        } else if (spec->type == SettingType::integer || spec->type == SettingType::boolean) {
          in_.fault(*node, "setting \"" + key + "\" cannot name a host",
                    "设置项“" + key + "”不能表示主机");
        }
      } else if (!parse_host(host)) {
        in_.fault(*node,
                  "\"" + host +
                      "\" is no host like \"api.example.com\", \"*.example.com\", "
                      "\"host:8080\" or \"{setting}\"",
                  "“" + host +
                      "”不是主机（如 \"api.example.com\"、\"*.example.com\"、"
                      "\"host:8080\" 或 \"{setting}\"）");
      }
    }
  }

  TomlReader in_;
  Manifest out_;
};

Faults one_fault(const std::string& file, std::string en, std::string zh) {
  return {{Fault{file, 0, 0, {std::move(en), std::move(zh)}}}};
}

}  // namespace

Checked<Manifest> Manifest::parse(std::string_view text, const std::string& file) {
  return ManifestReader(file).read(text);
}

Checked<Manifest> Manifest::load(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "plugin.toml";
  std::ifstream in(path, std::ios::binary);
  std::string text;
  if (in) {
    text.resize(manifest_bytes_max + 1);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
  }
  if (!in.is_open() || in.bad()) {
    return one_fault(path.string(), "cannot be read; is this a plugin's folder?",
                     "无法读取；这是插件的目录吗？");
  }
  if (text.size() > manifest_bytes_max) {
    return one_fault(path.string(), "longer than 64 KiB", "超过 64 KiB");
  }
  auto manifest = parse(text, path.string());
  if (!manifest) return manifest;
  std::filesystem::path named = std::filesystem::absolute(folder).lexically_normal();
  if (named.filename().empty()) named = named.parent_path();
  if (named.filename() != manifest->id) {
    return one_fault(path.string(),
                     "\"id\" is \"" + manifest->id + "\", but the folder is called \"" +
                         named.filename().string() + "\"; they have to be the same",
                     "“id”是“" + manifest->id + "”，但目录名是“" + named.filename().string() +
                         "”；两者必须相同");
  }
  manifest->folder = named;
  return manifest;
}

std::filesystem::path Manifest::file() const {
  return folder / (executable.empty() ? id + ".so" : executable);
}

const SettingSpec* Manifest::setting(std::string_view key) const {
  for (const SettingSpec& spec : settings) {
    if (spec.key == key) return &spec;
  }
  return nullptr;
}

}  // namespace deskmate::host
