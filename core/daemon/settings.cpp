// The one table of settings: name, default, range and purpose of each.
#include "core/daemon/config.hpp"

namespace deskmate::daemon {
namespace {

constexpr std::int64_t day_s = 86'400;

const Setting<Config> desk_table[] = {
    {"desk", "name", &Config::name, R"("My desk")", 0, 0, "",
     "The desk's name, as shown to its members", "客服台名称，显示给成员"},
    {"desk", "folder", &Config::folder, R"("")", 0, 0, "",
     "The folder that holds everything; empty: $XDG_DATA_HOME/deskmate or ~/.local/share/deskmate. "
     "Relative paths start at this file",
     "存放全部数据的文件夹；留空为 $XDG_DATA_HOME/deskmate 或 "
     "~/.local/share/deskmate。相对路径以本文件所在处为准"},
    {"desk", "secrets", &Config::secrets, R"("")", 0, 0, "",
     "The folder of identity and passwords; empty: secrets in the desk's folder. A plugin's "
     "passwords stand in <instance>.toml there, mode 0600",
     "身份与密码文件夹；留空为数据文件夹中的 secrets。插件的密码放在其中的 <实例名>.toml，权限 "
     "0600"},
    {"desk", "socket", &Config::socket, R"("")", 0, 0, "",
     "The Unix socket for the command line; empty: deskmate.sock in the desk's folder",
     "命令行使用的 Unix 套接字；留空为数据文件夹中的 deskmate.sock"},
    {"desk", "language", &Config::language, R"("auto")", 0, 0, "auto|en|zh",
     "Language of messages; auto: as the environment says", "消息语言；auto 表示跟随环境变量"},
    {"desk", "phone_prefix", &Config::phone_prefix, R"("+86")", 0, 0, "",
     "Country code of telephone numbers written without one. Fixed once the desk holds contacts",
     "未写国家代码的电话号码所用的代码。有联系方式入库后不要再改"},
    {"desk", "plugin_folders", &Config::plugin_folders, R"([])", 0, 0, "",
     "Folders with plugins, one folder each, looked at in this order, before those that came with "
     "Deskmate",
     "插件所在的文件夹，每个插件一个子文件夹，依次查找，先于自带插件"},
    {"desk", "plugin_host", &Config::plugin_host, R"("")", 0, 0, "",
     "The program that runs plugins in processes of their own; empty: the one that came with "
     "Deskmate",
     "在独立进程中运行插件的程序；留空为自带的程序"},

    {"log", "level", &Config::log_level, R"("info")", 0, 0, "debug|info|warn|error",
     "How much is logged", "日志详细程度"},
    {"log", "file", &Config::log_file, R"("")", 0, 0, "",
     "The log file, rotated at 10 MiB; empty: standard error",
     "日志文件，满 10 MiB 轮换；留空输出到标准错误"},

    {"routing", "sticky_hours", &Config::sticky_hours, "72", 0, 8'760, "",
     "A returning buyer goes to whoever served them within so many hours",
     "多少小时内回头的顾客仍由原客服接待"},
    {"routing", "suspend_at", &Config::suspend_at, "50", 1, 10'000, "",
     "With so many open chats a member gets no new ones", "成员的未结会话达到此数后不再分配新会话"},
    {"routing", "capacity.presale", &Config::capacity_presale, "50", 1, 10'000, "",
     "Open chats of a member for pre-sale", "售前成员的会话上限"},
    {"routing", "capacity.aftersale", &Config::capacity_aftersale, "10", 1, 10'000, "",
     "Open chats of a member for after-sale", "售后成员的会话上限"},
    {"routing", "first_reply_s", &Config::first_reply_s, "30", 1, day_s, "",
     "Target for the first reply, in seconds", "首次回复目标，秒"},
    {"routing", "reply_warning_s", &Config::reply_warning_s, "100", 1, day_s, "",
     "A buyer who waits so many seconds is shown as overdue", "顾客等待超过多少秒即显示超时"},
    {"routing", "cool_down_minutes", &Config::cool_down_minutes, "10", 0, 1'440, "",
     "Rest from new chats after an abusive one; 0: none",
     "遇到辱骂会话后暂停分配多少分钟；0 表示不暂停"},
    {"routing", "match_roles", &Config::match_roles, "false", 0, 0, "",
     "Chats go to those whose role it is: no order: presale; one under way: insale; all delivered: "
     "aftersale",
     "按角色分配：无订单归售前，在途归售中，已签收归售后"},

    {"parcels", "stuck_hours", &Config::parcel_stuck_hours, "48", 1, 8'760, "",
     "A parcel under way that has not moved for so many hours is stuck",
     "在途包裹超过多少小时没有动态即视为停滞"},
    {"parcels", "failures_per_million", &Config::courier_failures_per_million, "1000", 1, 1'000'000,
     "", "Parcels in a million that a courier may lose, damage or bring back and still be normal",
     "每百万件中快递丢失、破损、退回多少件以内算正常"},

    {"peers", "name", &Config::peer_name, R"("")", 0, 0, "",
     "This daemon's name for the desk's other peers; empty: the machine's name",
     "本机在其他节点上显示的名称；留空为机器名"},
    {"peers", "listen", &Config::peer_listen, R"([])", 0, 0, "",
     R"(Where other peers may connect: ["0.0.0.0:7420", "[::]:7420"]; empty: nowhere)",
     R"(其他节点可连接的地址，如 ["0.0.0.0:7420", "[::]:7420"]；留空则不监听)"},
    {"peers", "addresses", &Config::peer_addresses, R"([])", 0, 0, "",
     "Under which addresses others reach this machine, if not those it listens on: a name or a "
     "router's address with its port",
     "其他节点访问本机所用的地址（域名或路由器地址加端口），与监听地址不同时填写"},
    {"peers", "relays", &Config::peer_relays, R"([])", 0, 0, "",
     "Relays for when neither side can be reached: host:port of a machine that runs deskmate relay",
     "双方都无法直连时使用的中继：运行 deskmate relay 的机器的 主机:端口"},
    {"peers", "reply_target_s", &Config::reply_target_s, "100", 10, day_s, "",
     "A buyer of a peer that has vanished may be taken over after waiting so many seconds",
     "对方节点失联时，顾客等待超过多少秒后可由本节点接手"},

    {"console", "listen", &Config::console_listen, R"(["127.0.0.1:7380"])", 0, 0, "",
     "Where this machine's browsers connect, without TLS: loopback addresses only; empty: nowhere",
     "本机浏览器连接的地址，未加密，仅限环回地址；留空则不开放"},
    {"console", "tls", &Config::console_tls, "[]", 0, 0, "",
     R"(Where phones and other machines connect, with TLS: ["0.0.0.0:7443"]; deskmate phone shows how. Empty: nowhere)",
     R"(手机与其他机器通过 TLS 连接的地址，如 ["0.0.0.0:7443"]；用 deskmate phone 查看连接方法。留空则不开放)"},
    {"console", "hosts", &Config::console_hosts, "[]", 0, 0, "",
     R"(Further names under which browsers reach the console, as in their address bar: ["desk.example.org"])",
     R"(浏览器地址栏中可使用的其他名称，如 ["desk.example.org"])"},

    {"rules", "sweep_minutes", &Config::rules_sweep_minutes, "120", 1, 1'440, "",
     "All orders are judged by the rules again every so many minutes",
     "每隔多少分钟用规则重新判断全部订单"},
    {"rules", "answer_hours", &Config::rules_answer_hours, "48", 1, 720, "",
     "A buyer who was asked about a problem and does not answer for so many hours is to be called",
     "就问题联系买家后多少小时未回复即需致电"},
    {"rules", "quiet", &Config::rules_quiet, R"("21:00-09:00")", 0, 0, "",
     "Hours in which buyers are neither written to nor called without having asked; empty: none",
     "不主动联系买家的时段；留空则不限"},
    {"rules", "zone", &Config::rules_zone, R"("")", 0, 0, "",
     "Time zone of the quiet hours, like Asia/Shanghai; empty: UTC",
     "免打扰时段所用的时区，如 Asia/Shanghai；留空为 UTC"},
    {"actions", "attempts", &Config::action_attempts, "8", 1, 100, "",
     "How often an action is attempted before it counts as failed", "一个动作最多尝试几次"},
    {"actions", "deadline_s", &Config::action_deadline_s, "120", 1, 600, "",
     "How long one attempt may take before the marketplace is asked what became of it, in seconds",
     "一次尝试最长多少秒，超过后先向平台查询结果"},
    {"actions", "parallel", &Config::action_parallel, "2", 1, 16, "",
     "Actions of one plugin under way at the same time", "每个插件同时进行的动作数"},
};

const Setting<MemberConfig> member_table[] = {
    {"", "number", &MemberConfig::number, "", 1, 9'999, "", "The member's number, shown to buyers",
     "成员编号，顾客可见"},
    {"", "name", &MemberConfig::name, "", 0, 0, "", "The member's name", "成员姓名"},
    {"", "role", &MemberConfig::role, R"("presale")", 0, 0,
     "presale|insale|aftersale|review|supervisor|manager", "The member's role", "成员角色"},
    {"", "weight", &MemberConfig::weight, "1", 0, 1'000, "",
     "Share of new chats: weights 3 and 1 mean three to one; 0: none",
     "新会话的份额：3 与 1 即三比一；0 表示不分配"},
    {"", "zone", &MemberConfig::zone, R"("Asia/Shanghai")", 0, 0, "", "Time zone of the schedule",
     "班次所用时区"},
    {"", "schedule", &MemberConfig::schedule, "[]", 0, 0, "",
     R"(Working hours: "06:00-24:00" or "mon-fri 09:00-18:00"; without any, presence is set by hand)",
     R"(上班时间，如 "06:00-24:00" 或 "mon-fri 09:00-18:00"；不填则手动设置在线状态)"},
    {"", "capacity", &MemberConfig::capacity, "0", 0, 10'000, "",
     "Open chats at most; 0: as the role says", "会话上限；0 表示按角色"},
    {"", "experts", &MemberConfig::experts, "[]", 0, 0, "",
     "Topics of hard cases that this member is asked for", "该成员擅长的疑难问题类别"},
    {"", "access", &MemberConfig::access, R"("auto")", 0, 0, "auto|owner|agent|viewer",
     "What this member may do in the console: agent answers buyers, owner everything, viewer only "
     "looks; auto: owner for the first member here, agent for the others",
     "该成员在控制台中的权限：agent 接待顾客，owner 全部，viewer 只看；auto 表示本机第一位成员为 "
     "owner，其余为 agent"},
    {"", "peer", &MemberConfig::peer, R"("")", 0, 0, "",
     "The name of the other peer where this member works; empty: here. What their own desk then "
     "asks "
     "for is agreed to where number and weight are the same",
     "该成员所在的另一节点的名称；留空为本机。对方提出的编号与份额与此一致时自动同意"},
};

const Setting<PluginConfig> plugin_table[] = {
    {"", "name", &PluginConfig::name, "", 0, 0, "",
     "The instance's name, which is also its shop's: a–z, 0–9 and -",
     "实例名，也是店铺名：a–z、0–9 和 -"},
    {"", "id", &PluginConfig::id, "", 0, 0, "", "Which plugin", "插件标识"},
    {"", "isolation", &PluginConfig::isolation, R"("process")", 0, 0, "process|daemon",
     "A process of its own, or the daemon's", "独立进程，或在守护进程内"},
    {"", "enabled", &PluginConfig::enabled, "true", 0, 0, "", "Whether it is started", "是否启动"},
    {"", "greeting", &PluginConfig::greeting, R"("")", 0, 0, "",
     "What a buyer of this shop is sent first, once a member has the chat, with the variables of "
     "quick phrases ({agent}); empty: nothing",
     "会话分配后首先发给顾客的问候语，可用快捷语变量（如 {agent}）；留空则不发"},
    {"", "hours", &PluginConfig::hours, "[]", 0, 0, "",
     R"(When this shop answers: "09:00-22:00", "mon-fri 09:00-18:00", "2027-02-06..2027-02-12 closed"; without any, always)",
     R"(本店接待时间，如 "09:00-22:00"、"mon-fri 09:00-18:00"、"2027-02-06..2027-02-12 closed"；不填为全天)"},
    {"", "aftersale_hours", &PluginConfig::aftersale_hours, "[]", 0, 0, "",
     "The same for buyers whose orders have all arrived; without any, as hours",
     "订单均已签收的顾客的接待时间；不填则同 hours"},
    {"", "zone", &PluginConfig::zone, R"("Asia/Shanghai")", 0, 0, "", "Time zone of these hours",
     "上述时间所用时区"},
    {"", "closed", &PluginConfig::closed, R"("")", 0, 0, "",
     "What a buyer is sent first outside of these hours, in place of the greeting; {back} is when "
     "they begin again; empty: the greeting",
     "非接待时间代替问候语的自动回复，{back} 为恢复接待的时间；留空则仍发问候语"},
    {"", "member", &PluginConfig::member, "0", 0, 999'999, "",
     "The member for whom the plugin acts, where it asks for that (notify); it may then do what "
     "its "
     "manifest names and this member may; 0: nobody",
     "插件代表哪位成员行事（仅限需要的插件，如 notify）；权限以清单所列且该成员拥有的为限；0 "
     "表示不代表任何人"},
};

}  // namespace

std::span<const Setting<Config>> desk_settings() { return desk_table; }
std::span<const Setting<MemberConfig>> member_settings() { return member_table; }
std::span<const Setting<PluginConfig>> plugin_settings() { return plugin_table; }

}  // namespace deskmate::daemon
