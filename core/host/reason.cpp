#include "core/host/reason.hpp"

#include <array>
#include <cstring>
#include <utility>

namespace deskmate::host {
namespace {

std::string signal_name(int number) {
  const char* name = sigabbrev_np(number);
  return name == nullptr ? "signal " + std::to_string(number) : std::string("SIG") + name;
}

constexpr std::array<std::pair<Cause, std::string_view>, 15> cause_names = {{
    {Cause::none, "none"},
    {Cause::owner, "owner"},
    {Cause::manifest, "manifest"},
    {Cause::library, "library"},
    {Cause::start, "start"},
    {Cause::slow, "slow"},
    {Cause::exit, "exit"},
    {Cause::signal, "signal"},
    {Cause::exception, "exception"},
    {Cause::thread, "thread"},
    {Cause::memory, "memory"},
    {Cause::hang, "hang"},
    {Cause::frame, "frame"},
    {Cause::flood, "flood"},
    {Cause::spawn, "spawn"},
}};

Text text_of(const Reason& reason) {
  const std::string code = std::to_string(reason.code);
  switch (reason.cause) {
    case Cause::none:
      return {};
    case Cause::owner:
      return {"stopped", "已停止"};
    case Cause::manifest:
      return {"its manifest or settings are wrong", "插件清单或设置有误"};
    case Cause::library:
      return {"it is no plugin that can be loaded", "不是可加载的插件"};
    case Cause::start:
      return {"it failed to start", "启动失败"};
    case Cause::slow:
      return {"it did not start in time", "未能及时启动"};
    case Cause::exit:
      return {"it ended by itself with exit code " + code, "自行退出，退出码 " + code};
    case Cause::signal:
      return {"it crashed with " + signal_name(reason.code), "崩溃：" + signal_name(reason.code)};
    case Cause::exception:
      return {"it let an exception escape", "有未处理的异常"};
    case Cause::thread:
      return {"it called the host from a wrong thread", "在错误的线程中调用了宿主"};
    case Cause::memory:
      return {"it reached its memory limit of " + code + " MB", "达到内存上限（" + code + " MB）"};
    case Cause::hang:
      return {"it hung: no sign of life within the heartbeat's time", "无响应：心跳超时"};
    case Cause::frame:
      return {"it sent what is no frame", "发送了无效的数据帧"};
    case Cause::flood:
      return {"it kept sending more than the limits allow", "持续发送超出限制的数据"};
    case Cause::spawn:
      return {"the system would not start its process", "系统无法启动其进程"};
  }
  return {};
}

}  // namespace

std::string_view to_string(Cause cause) {
  for (const auto& [known, name] : cause_names) {
    if (known == cause) return name;
  }
  return "none";
}

Text Reason::text() const {
  Text text = text_of(*this);
  if (!detail.empty()) {
    text.en += ": " + detail;
    text.zh += "：" + detail;
  }
  if (!last_stderr.empty() && cause != Cause::owner) {
    text.en += "; its last line: " + last_stderr;
    text.zh += "；最后一行输出：" + last_stderr;
  }
  return text;
}

}  // namespace deskmate::host
