#include "core/daemon/messages_table.hpp"

namespace deskmate::daemon {
namespace {

constexpr Message table[] = {
    // --- configuration
    {"config.unreadable", "cannot be read: {0}", "无法读取：{0}"},
    {"config.too_large", "is larger than 1 MiB", "超过 1 MiB"},
    {"config.toml", "not TOML: {0}", "不是合法的 TOML：{0}"},
    {"config.unknown", "unknown setting \"{0}\"", "未知设置“{0}”"},
    {"config.unknown_near", "unknown setting \"{0}\"; did you mean \"{1}\"?", "未知设置“{0}”，是否指“{1}”？"},
    {"config.missing", "\"{0}\" has to be given", "必须填写“{0}”"},
    {"config.want_text", "\"{0}\" is a text in quotes", "“{0}”应为带引号的文本"},
    {"config.want_integer", "\"{0}\" is a whole number", "“{0}”应为整数"},
    {"config.want_boolean", "\"{0}\" is true or false", "“{0}”应为 true 或 false"},
    {"config.want_list", "\"{0}\" is a list of texts: [\"…\", \"…\"]", "“{0}”应为文本列表：[\"…\", \"…\"]"},
    {"config.want_table", "\"{0}\" is a table", "“{0}”应为一个表"},
    {"config.want_tables", "\"{0}\" is written [[{0}]], once for each", "“{0}”应写作 [[{0}]]，每项一段"},
    {"config.too_many", "too many [[{0}]]", "[[{0}]] 太多"},
    {"config.choice", "\"{0}\" cannot be \"{1}\"; it is one of {2}", "“{0}”不能是“{1}”，可选：{2}"},
    {"config.range", "\"{0}\" cannot be {1}; it is from {2} to {3}", "“{0}”不能是 {1}，范围 {2} 到 {3}"},
    {"config.member_twice", "there are two members {0}", "成员 {0} 重复"},
    {"config.plugin_twice", "there are two plugins named \"{0}\"", "插件名“{0}”重复"},
    {"config.plugin_name", "\"{0}\" cannot be a name: a–z, 0–9 and -, at most 64", "“{0}”不能作名称：只用 a–z、0–9 和 -，最多 64 个"},
    {"config.zone", "there is no time zone \"{0}\"; for instance Asia/Shanghai", "没有时区“{0}”，例如 Asia/Shanghai"},
    {"config.schedule", "\"{0}\" is no schedule; for instance \"06:00-24:00\" or \"mon-fri 09:00-18:00\"", "“{0}”不是班次，例如 \"06:00-24:00\" 或 \"mon-fri 09:00-18:00\""},
};

}  // namespace

const std::span<const Message> message_table = table;

}  // namespace deskmate::daemon
