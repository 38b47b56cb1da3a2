// Parcels and couriers: what is shown of them, and the help of their commands.
#include "core/daemon/messages_table.hpp"

namespace deskmate::daemon {
namespace {

constexpr Message parcels_table[] = {
    {"column.parcel", "PARCEL", "包裹"},
    {"column.carrier", "CARRIER", "快递"},
    {"column.moved", "MOVED", "最近动态"},
    {"column.eta", "EXPECTED", "预计送达"},
    {"column.sent_month", "MONTH", "月份"},
    {"column.lane", "LANE", "线路"},
    {"column.sent", "SENT", "发出"},
    {"column.delivered", "DELIVERED", "签收"},
    {"column.failed", "FAILED", "失败"},
    {"column.per_mille", "PER 1,000", "每千件"},
    {"column.what", "WHAT", "明细"},
    {"parcels.none", "no such parcels", "没有这样的包裹"},
    {"couriers.none", "no parcel was sent in that time", "这段时间没有发出包裹"},
    {"parcel.here", "in the buyer's city", "已到收件城市"},
    {"parcel.eta", "expected {0}", "预计 {0} 送达"},
    {"parcel.by_hand", "(written down by member {0})", "（成员 {0} 记录）"},

    {"parcel.pending", "not sent yet", "未发出"},
    {"parcel.info_received", "announced to the courier", "已下单，待揽收"},
    {"parcel.picked_up", "picked up", "已揽收"},
    {"parcel.in_transit", "on its way", "运输中"},
    {"parcel.customs_hold", "at the customs", "清关中"},
    {"parcel.out_for_delivery", "out for delivery", "派送中"},
    {"parcel.available_for_pickup", "waits to be fetched", "待自取"},
    {"parcel.attempt_failed", "delivery failed", "派送失败"},
    {"parcel.delivered", "delivered", "已签收"},
    {"parcel.returning", "on its way back", "退回中"},
    {"parcel.returned", "came back", "已退回"},
    {"parcel.exception", "trouble on the way", "异常"},
    {"parcel.lost", "lost", "丢失"},
    {"parcel.damaged", "damaged", "破损"},
    {"parcel.expired", "no word any more", "已无更新"},
    {"parcel.cancelled", "cancelled", "已取消"},
    {"parcel.unknown", "unknown", "未知"},

    {"help.parcels", "List parcels under way, the one that stands still for longest first",
     "列出在途包裹，停滞最久的在前"},
    {"help.parcels.stuck", "Only those that have not moved for too long", "只列停滞过久的"},
    {"help.parcels.overdue", "Only those beyond the courier's expected time",
     "只列超过预计送达时间的"},
    {"help.parcels.trouble",
     "Only failed deliveries, pick-up points, customs, returns, losses, damages",
     "只列派送失败、待自取、清关、退回、丢失、破损"},
    {"help.parcels.all", "All that were sent, the latest first", "列出全部已发包裹，最近的在前"},
    {"help.parcels.carrier", "Only of this carrier", "只列该快递公司的"},
    {"help.parcel", "Show a parcel and where it has been", "显示包裹及其轨迹"},
    {"help.param.parcel", "The number on the parcel, or its id", "运单号或包裹编号"},
    {"help.parcel-say", "Write down what the courier's own desk said: a weight, a place, a status",
     "记录向快递公司问到的情况：重量、位置或状态"},
    {"help.parcel.grams", "What it weighed there, in grams", "在该处的重量，克"},
    {"help.parcel.status", "What became of it: lost, damaged, returned …",
     "包裹状态：lost、damaged、returned 等"},
    {"help.parcel.place", "Where", "地点"},
    {"help.couriers", "Parcels that couriers lost, damaged or brought back, by month and lane",
     "各快递每月每条线路丢失、破损、退回的包裹"},
    {"help.couriers.months", "So many months back (2)", "回溯几个月（默认 2）"},
};

}  // namespace

const std::span<const Message> parcel_messages = parcels_table;

}  // namespace deskmate::daemon
