#include "core/daemon/problem_words.hpp"

#include <algorithm>

#include "core/daemon/cli/text.hpp"
#include "core/daemon/zone.hpp"

namespace deskmate::daemon {
namespace {

// {name} stands for a param, {number} for the order's.
constexpr ProblemWords problem_table[] = {
    {"addresses", "Several addresses", "多个收货地址", "", ""},
    {"addresses/differ", "{orders} orders of this buyer wait to be sent, to different addresses",
     "该买家有 {orders} 个待发货订单，收货地址不同",
     "You have several orders with us that go to different addresses, among them {number}. Are all "
     "of them right?",
     "您有多个订单（含 {number}）的收货地址不同，请问都正确吗？"},
    {"vague_address", "Vague address", "地址不详", "", ""},
    {"vague_address/none", "There is no address", "没有收货地址",
     "Your order {number} has no address. Where shall we send it?",
     "您的订单 {number} 没有收货地址，请告诉我们寄到哪里。"},
    {"vague_address/words", "The address refers to something that we cannot know",
     "地址用了我们无法知道的说法",
     "Could you write out the address for your order {number} in full?",
     "请写出订单 {number} 的完整收货地址，好吗？"},
    {"vague_address/short", "The street is shorter than {at_least} characters",
     "街道地址少于 {at_least} 个字", "Could you complete the address of your order {number}?",
     "订单 {number} 的收货地址不完整，请补充一下，好吗？"},
    {"vague_address/no_number", "The address has no house number", "地址没有门牌号",
     "Your order {number}: which house number shall we send it to?",
     "订单 {number} 的地址缺少门牌号，请补充一下，好吗？"},
    {"vague_address/no_city", "The address has no city", "地址没有城市",
     "Your order {number}: which city is the address in?",
     "订单 {number} 的地址缺少城市，请补充一下，好吗？"},
    {"area", "Out of the courier's area", "超出快递范围", "", ""},
    {"area/blocked", "The courier does not go there ({area})", "快递不到该地区（{area}）",
     "Our courier does not deliver to the address of your order {number}. Is there another one, or "
     "shall we refund it?",
     "快递无法送达订单 {number} 的地址。可以换一个地址吗？或者为您退款？"},
    {"area/country", "We do not send to that country ({country})", "不寄往该国家（{country}）",
     "We cannot send your order {number} to that country. Is there another address, or shall we "
     "refund it?",
     "订单 {number} 的国家无法寄送。可以换一个地址吗？或者为您退款？"},
    {"out_of_stock", "Out of stock", "缺货", "", ""},
    {"out_of_stock/paid",
     "Paid, and {sku} is out of stock: wait, refund, or something else with a "
     "gift",
     "已付款但 {sku} 缺货：等待、退款，或换货并附赠品",
     "One item of your order {number} is out of stock. Would you like to wait, have your money "
     "back, or choose something else, with a small gift from us?",
     "订单 {number} 中有一件商品缺货。您希望等待、退款，还是换一件并获赠小礼物？"},
    {"out_of_stock/unpaid", "{sku} is out of stock", "{sku} 缺货",
     "One item of your order {number} is out of stock at the moment.",
     "订单 {number} 中有一件商品暂时缺货。"},
    {"free_shipping", "Free shipping", "包邮条件", "", ""},
    {"free_shipping/below", "Sent free of charge, but below what that takes",
     "未达包邮金额却免了邮费",
     "Your order {number} does not reach our limit for free shipping. Would you like to add "
     "something, or pay the postage?",
     "订单 {number} 未达包邮金额。您想再选点什么，还是补邮费？"},
    {"free_shipping/place", "Sent free of charge, but not to that place ({area})",
     "该地区（{area}）不包邮却免了邮费",
     "Shipping to your address is not free; may we ask you for the postage of order {number}?",
     "您的地区不包邮，订单 {number} 需要补一下邮费，可以吗？"},
    {"note", "A wish that cannot be met", "无法满足的备注", "", ""},
    {"note/cannot", "The buyer's note asks for what cannot be done ({wish})",
     "买家备注的要求无法满足（{wish}）",
     "About your note on order {number}: we are sorry, we cannot do that. Shall we send it all the "
     "same?",
     "关于订单 {number} 的备注：很抱歉无法满足，请问仍然发货吗？"},
    {"paid_twice", "Paid twice", "重复付款", "", ""},
    {"paid_twice/twice", "Paid at least twice", "至少付了两次款", "", ""},
    {"paid_twice/more", "More was paid than it costs", "付款多于订单金额", "", ""},
    {"repeated", "Ordered twice", "重复下单", "", ""},
    {"repeated/same", "The same things were ordered before, on {first_ms}",
     "{first_ms} 已下过相同的订单",
     "You ordered the same things twice, last with {number}. Do you want both?",
     "您下了两次相同的订单（后一次为 {number}），两单都需要吗？"},
    {"repeated/elsewhere", "The same things were ordered before, on {first_ms}, to somewhere else",
     "{first_ms} 已下过相同的订单，收货人或地址不同",
     "You ordered the same things twice, last with {number}. Do you want both?",
     "您下了两次相同的订单（后一次为 {number}），两单都需要吗？"},
    {"measures", "Missing measures", "缺少尺寸", "", ""},
    {"measures/missing", "{sku} is made to measure, and measures are missing: {measures}",
     "{sku} 为定制品，缺少尺寸：{measures}",
     "For your order {number} we still need your measures. Could you send them?",
     "订单 {number} 还缺少定制尺寸，请告诉我们，好吗？"},
    {"late", "Promised date", "承诺时间", "", ""},
    {"late/soon", "It has to leave by {leaves_by_ms}", "须在 {leaves_by_ms} 前发货", "", ""},
    {"late/over", "It should have left by {leaves_by_ms}", "应在 {leaves_by_ms} 前发货，已逾期",
     "Your order {number} has not left yet, later than we told you. We are sorry and look into it.",
     "订单 {number} 未能按约定时间发货，非常抱歉，我们正在处理。"},
    {"stock_differs", "Stock differs", "库存不符", "", ""},
    {"stock_differs/fewer", "The warehouse has {pieces} fewer than the shop shows",
     "仓库比店铺显示少 {pieces} 件", "", ""},
    {"stock_differs/more", "The warehouse has {pieces} more than the shop shows",
     "仓库比店铺显示多 {pieces} 件", "", ""},
    {"audit", "To be audited", "待审核", "", ""},
    {"audit/before_making", "Made for this buyer: look it over before making ({lines} lines)",
     "定制品：制作前请审核（{lines} 行）", "", ""},

    {"parcel_stuck", "Parcel stuck", "包裹停滞", "", ""},
    {"parcel_stuck/away", "It has not moved since {moved_ms}", "自 {moved_ms} 起无新轨迹",
     "Your order {number} has been standing still on its way. We keep an eye on it and tell you as "
     "soon as it moves.",
     "订单 {number} 的包裹在途中暂时没有更新，我们会持续关注，有进展马上告诉您。"},
    {"parcel_stuck/here", "It has not moved since {moved_ms}, in the buyer's city",
     "已到买家城市，自 {moved_ms} 起无新轨迹",
     "Your order {number} is in your city and has been standing still. We are asking the courier "
     "to "
     "bring it.",
     "订单 {number} 的包裹已到您的城市但没有更新，我们正在催促快递派送。"},
    {"parcel_stuck/failed", "It has not moved since {moved_ms}: make it good",
     "自 {moved_ms} 起无新轨迹：请补偿",
     "Your order {number} is stuck on its way, and we are sorry. Would you like your money back, "
     "or "
     "shall we send it again? Either with a coupon from us.",
     "订单 {number} 的包裹停滞在途中，非常抱歉。您希望退款，还是我们重新补发？都会附赠优惠券。"},
    {"parcel_late", "Parcel late", "包裹逾期", "", ""},
    {"parcel_late/promised", "Promised for {due_ms}, and not there", "承诺 {due_ms} 前送达，未到",
     "Your order {number} is later than we promised, and we are sorry. It is on its way.",
     "订单 {number} 未能按承诺时间送达，非常抱歉，包裹仍在途中。"},
    {"parcel_late/expected", "The courier meant to bring it by {due_ms}",
     "快递预计 {due_ms} 前送达，未到",
     "Your order {number} is later than the courier expected. It is on its way.",
     "订单 {number} 比快递预计的时间晚，仍在途中。"},
    {"parcel_back", "Parcel to come back", "包裹应追回", "", ""},
    {"parcel_back/intercept", "Made good already: have it stopped, or refused at the door",
     "已补偿：请拦截或让买家拒收",
     "Should the first parcel of your order {number} still arrive: please refuse it. Thank you.",
     "如果订单 {number} 的原包裹仍然送到，请直接拒收，谢谢。"},
    {"parcel_back/coming", "Made good already, and on its way back", "已补偿，包裹退回途中", "",
     ""},
    {"freight_claim", "Freight to claim", "追回运费", "", ""},
    {"freight_claim/late",
     "Postage was paid for arriving by {promised_ms}, which the courier missed",
     "买家付费承诺 {promised_ms} 前送达，快递超时", "", ""},
    {"parcel_area", "Out of the courier's area", "超区", "", ""},
    {"parcel_area/said", "The courier says that it does not go there ({at_ms})",
     "快递反馈超区（{at_ms}）",
     "The courier of your order {number} does not deliver to your address. Is there another one, "
     "or "
     "shall we refund it?",
     "快递无法送达订单 {number} 的地址。可以换一个地址吗？或者为您退款？"},
    {"parcel_readdressed", "Readdressed", "改址", "", ""},
    {"parcel_readdressed/said", "It was sent on to another address ({at_ms})",
     "包裹已改寄其他地址（{at_ms}）",
     "The courier tells us that your order {number} was sent on to another address. Is that right?",
     "快递反馈订单 {number} 的包裹改寄了其他地址，请问是您要求的吗？"},
    {"parcel_lost", "Lost", "丢件", "", ""},
    {"parcel_lost/said", "The courier has lost it ({at_ms})", "快递丢件（{at_ms}）",
     "The courier has lost your order {number}, and we are sorry. Would you like your money back, "
     "or "
     "shall we send it again? Either with a coupon from us.",
     "订单 {number} 的包裹被快递丢失，非常抱歉。您希望退款，还是我们重新补发？都会附赠优惠券。"},
    {"parcel_damaged", "Damaged", "破损", "", ""},
    {"parcel_damaged/said", "The courier says that it is damaged ({at_ms})",
     "快递反馈破损（{at_ms}）",
     "Your order {number} was damaged on its way, and we are sorry. Could you send us a photo of "
     "what "
     "arrived? We make it good.",
     "订单 {number} 的包裹在途中破损，非常抱歉。收到后请拍张照片给我们，我们会负责到底。"},
    {"parcel_attempt", "Delivery failed", "派送失败", "", ""},
    {"parcel_attempt/said", "Delivery failed ({at_ms})", "派送失败（{at_ms}）",
     "The courier could not deliver your order {number}. Are address and telephone number right, "
     "and "
     "when is somebody there?",
     "快递派送订单 {number} 未成功。请确认地址和电话是否正确，什么时候方便签收？"},
    {"parcel_waiting", "At a pick-up point", "待自取", "", ""},
    {"parcel_waiting/said", "It waits at a pick-up point since {at_ms}", "自 {at_ms} 起等待自取",
     "Your order {number} waits for you at the courier's pick-up point.",
     "订单 {number} 的包裹已到自提点，请记得取件。"},
    {"parcel_returning", "On its way back", "退回中", "", ""},
    {"parcel_returning/said", "The courier is bringing it back ({at_ms})", "快递退回中（{at_ms}）",
     "The courier is bringing your order {number} back to us. Was it refused? Shall we send it "
     "again, "
     "or give your money back?",
     "订单 {number} 的包裹正在退回。请问是您拒收了吗？需要重新寄出还是退款？"},
    {"parcel_returned", "Came back", "已退回", "", ""},
    {"parcel_returned/said", "It came back ({at_ms})", "包裹已退回（{at_ms}）",
     "Your order {number} has come back to us. Shall we send it again, or give your money back?",
     "订单 {number} 的包裹已退回。需要重新寄出还是退款？"},
    {"parcel_expired", "Nothing heard of it", "长期无轨迹", "", ""},
    {"parcel_expired/said", "Nothing more was heard of it ({at_ms})", "长期没有物流信息（{at_ms}）",
     "We have heard nothing more of your order {number}, and we are sorry. Has it arrived? If not: "
     "would you like your money back, or shall we send it again?",
     "订单 {number} 长期没有物流信息，非常抱歉。请问收到了吗？没有的话，您希望退款还是补发？"},
    {"parcel_customs", "At the customs", "清关中", "", ""},
    {"parcel_customs/said", "The customs hold it since {at_ms}", "自 {at_ms} 起清关中",
     "Your order {number} is with the customs. That can take some days.",
     "订单 {number} 的包裹正在清关，可能需要几天。"},
    {"parcel_exception", "Courier's trouble", "快递异常", "", ""},
    {"parcel_exception/said", "The courier says that something is wrong ({at_ms})",
     "快递反馈异常（{at_ms}）",
     "There is a hitch with your order {number} at the courier. We are asking them.",
     "订单 {number} 的包裹在快递处出现异常，我们正在核实。"},

    {"insult", "Insult", "侮辱", "", ""},
    {"insult/word", "“{word}” is an insult", "“{word}”是侮辱性用语", "", ""},
    {"promise", "Promise", "过度承诺", "", ""},
    {"promise/word", "“{word}” promises what the shop may not be able to keep",
     "“{word}”可能是无法兑现的承诺", "", ""},
    {"paid_review", "Paid review", "有偿评价", "", ""},
    {"paid_review/word", "“{word}” offers something for a review", "“{word}”涉及有偿评价", "", ""},
    {"bargain", "Bargaining", "议价", "", ""},
    {"bargain/word", "“{word}”: this shop does not bargain", "“{word}”：本店不议价", "", ""},
    {"gift", "Gift", "赠品", "", ""},
    {"gift/word", "“{word}”: this shop gives no gifts", "“{word}”：本店不送赠品", "", ""},
    {"tone", "Tone", "语气", "", ""},
    {"tone/word", "“{word}” may sound rude", "“{word}”语气生硬", "", ""},
    {"tone/capitals", "{capitals} letters in capitals sound like shouting",
     "{capitals} 个大写字母像在喊叫", "", ""},
    {"tone/marks", "{marks} exclamation marks in a row sound like shouting",
     "连用 {marks} 个感叹号像在喊叫", "", ""},

    {"cutoff", "Before the holiday", "节前截单", "", ""},
    {"cutoff/soon", "Has to leave by {leaves_by_ms} to arrive before the holiday ({holiday})",
     "须在 {leaves_by_ms} 前发出，才能在{holiday}前送达", "", ""},
    {"cutoff/late_pickup", "Arrives before the holiday ({holiday}) only by a late pickup now",
     "现在加急揽收，才能在{holiday}前送达", "", ""},
    {"cutoff/missed", "Arrives only after the holiday ({holiday}), from {until_ms} on",
     "{holiday}前无法送达，{until_ms} 之后才能送达",
     "Your order {number} would arrive after the holiday. Is that all right, or shall we refund "
     "it?",
     "订单 {number} 要到假期之后才能送达。可以吗？或者为您退款？"},
    {"stock_up", "Before a festival", "大促备货", "", ""},
    {"stock_up/low", "{festival} is on {at_ms}, and fewer than {pieces} pieces are left",
     "{festival}（{at_ms}）临近，库存不足 {pieces} 件", "", ""},
    {"evidence", "Evidence", "凭证", "", ""},
    {"evidence/missing", "Still to be sent by the buyer: {wants}", "还需买家提供：{wants}",
     "So that we can put your order {number} right, please send us a photo: {wants}.",
     "为尽快处理订单 {number}，请拍照发给我们：{wants}。"},
    {"window", "Return window", "退换期限", "", ""},
    {"window/open", "Can be sent back until {until_ms}", "可在 {until_ms} 前退换", "", ""},
    {"window/over", "The time for that was over on {until_ms}", "已过期限（{until_ms}）", "", ""},
    {"window/custom", "Made to order: not returnable without a fault", "定制商品，无质量问题不退换",
     "", ""},
    {"return_postage", "Return postage", "退货运费", "", ""},
    {"return_postage/shop",
     "The shop pays the return postage, never cash on delivery: {postage_minor}",
     "退货运费由店铺承担（不收到付）：{postage_minor}", "", ""},
    {"return_postage/buyer", "The buyer pays the return postage: {postage_minor}",
     "退货运费由买家承担：{postage_minor}", "", ""},
    {"return_postage/shared",
     "Nobody is at fault, so the return postage is shared; the buyer's part: {share_minor}",
     "双方均无责，退货运费分摊；买家承担：{share_minor}", "", ""},
    {"size_swap", "A swap of sizes?", "疑似换码", "", ""},
    {"size_swap/inspect",
     "The buyer has since ordered the same thing in another variant: look at it first",
     "买家之后又拍了同款其他规格：请先核实", "", ""},
    {"price_drop", "The price fell", "价保", "", ""},
    {"price_drop/open", "It costs {less_minor} less now; that is given back until {until_ms}",
     "现价低 {less_minor}，{until_ms} 前可退差价", "", ""},
    {"price_drop/none", "It does not cost less now than what was paid", "现价不低于实付价", "", ""},
    {"price_drop/unknown", "The shop has not said what it costs now; given back until {until_ms}",
     "店铺未提供现价；{until_ms} 前可退差价", "", ""},
    {"price_drop/over", "The time for that was over on {until_ms}", "已过价保期（{until_ms}）", "",
     ""},
    {"ladder", "What may be given", "可给的补偿", "", ""},
    {"ladder/small",
     "A small fault: an apology, a gift or free postage next time, then {first_from_minor} to "
     "{first_to_minor} back, at most {most_minor}; else it is sent back",
     "小问题：先致歉，再送小礼或下次包邮，再退 {first_from_minor} 到 {first_to_minor}，最多 "
     "{most_minor}；不接受则退货",
     "", ""},
    {"ladder/used",
     "A small fault, and {given_minor} was given back already: an apology, a gift, or it is sent "
     "back",
     "小问题，且已退 {given_minor}：致歉、小礼，或退货", "", ""},
    {"ladder/hardship",
     "A hardship: {first_from_minor} to {most_minor} back, and the buyer keeps it",
     "买家有困难：可退 {first_from_minor} 到 {most_minor}，无需寄回", "", ""},
    {"ladder/large", "It cannot be used: everything back, or the goods again, once it is sent back",
     "无法使用：寄回后全额退款或补发", "", ""},
    {"ladder/large_keep",
     "It cannot be used: everything back, or the goods again; the buyer keeps it",
     "无法使用：全额退款或补发，无需寄回", "", ""},

    {"evidence:item", "the item", "商品", "", ""},
    {"evidence:parcel", "the parcel from outside", "包裹外观", "", ""},
    {"evidence:slip", "the packing slip", "发货单", "", ""},
    {"evidence:label", "the label with the waybill", "快递面单", "", ""},
    {"fix:ask_pickup", "ask for a late pickup", "申请加急揽收", "", ""},
    {"fix:stock_up", "stock up, and plan who works", "备货并安排人手", "", ""},
    {"fix:ask_shop", "look at the price in the shop", "查看店铺现价", "", ""},
    {"fix:apologise", "apologise", "致歉", "", ""},
    {"fix:gift", "a gift, or free postage next time", "小礼物或下次包邮", "", ""},
    {"fix:partial_refund", "a part of the money back", "部分退款", "", ""},
    {"fix:return_goods", "have it sent back", "退货", "", ""},
    {"fix:explain", "explain it", "说明原因", "", ""},
    {"fix:ask_buyer", "ask the buyer", "询问买家", "", ""},
    {"fix:tell_buyer", "tell the buyer", "告知买家", "", ""},
    {"fix:refund", "refund", "退款", "", ""},
    {"fix:wait", "wait", "等待", "", ""},
    {"fix:substitute", "something else, with a gift", "换货并附赠品", "", ""},
    {"fix:ship", "send it", "发货", "", ""},
    {"fix:audit", "look it over", "审核", "", ""},
    {"fix:count", "count", "盘点", "", ""},
    {"fix:refund_coupon", "refund and a coupon", "退款并送优惠券", "", ""},
    {"fix:resend_coupon", "send again, with a coupon", "补发并送优惠券", "", ""},
    {"fix:urge_courier", "urge the courier", "催派送", "", ""},
    {"fix:ask_courier", "ask the courier", "询问快递", "", ""},
    {"fix:claim_courier", "claim it from the courier", "向快递索赔", "", ""},
    {"fix:intercept", "have it stopped, or refused", "拦截或拒收", "", ""},
    {"fix:ask_photo", "ask for a photo", "请买家拍照", "", ""},
};

const ProblemWords* find_problem_word(std::string_view key) {
  const auto at = std::find_if(std::begin(problem_table), std::end(problem_table),
                               [&](const ProblemWords& one) { return one.key == key; });
  return at == std::end(problem_table) ? nullptr : &*at;
}

const ProblemWords* find_problem_word(std::string_view kind, std::string_view code) {
  return find_problem_word(std::string(kind).append("/").append(code));
}

std::string_view pick(std::string_view en, std::string_view zh, Language language) {
  return language == Language::zh ? zh : en;
}

// Kinds of evidence, in words: "item, slip".
std::string evidence_words(std::string_view list, Language language) {
  std::string out;
  while (!list.empty()) {
    const auto end = std::min(list.find(", "), list.size());
    const std::string_view one = list.substr(0, end);
    const auto* words = find_problem_word("evidence:" + std::string(one));
    if (!out.empty()) out += language == Language::zh ? "、" : ", ";
    out += words == nullptr ? one : pick(words->en, words->zh, language);
    list.remove_prefix(std::min(end + 2, list.size()));
  }
  return out;
}

std::string shown(std::string_view name, const Value& params, std::string_view zone,
                  Language language) {
  const Value& value = params[name];
  if (name.ends_with("_minor") && value.is_int()) {
    return cli::money(value.as_int(), params["currency"].as_str());
  }
  if (name == "wants") return evidence_words(value.as_str(), language);
  if (name.ends_with("_ms") && value.is_uint()) return local_time(zone, value.as_uint());
  if (value.is_int()) return std::to_string(value.as_int());
  if (value.is_bool()) return value.as_bool() ? "yes" : "no";
  return std::string(value.as_str());
}

std::string filled(std::string_view text, const Value& params, std::string_view number,
                   std::string_view zone, Language language) {
  std::string out;
  while (!text.empty()) {
    const auto open = text.find('{');
    const auto close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) {
      out += text;
      break;
    }
    out += text.substr(0, open);
    const auto name = text.substr(open + 1, close - open - 1);
    out += name == "number" ? std::string(number) : shown(name, params, zone, language);
    text.remove_prefix(close + 1);
  }
  // What a rule has not said is not announced.
  for (const std::string_view end : {": ", "："}) {
    if (out.ends_with(end)) out.resize(out.size() - end.size());
  }
  return out;
}

}  // namespace

std::span<const ProblemWords> problem_words() { return problem_table; }

std::string problem_title(std::string_view kind, Language language) {
  const auto* words = find_problem_word(kind);
  return words == nullptr ? std::string(kind) : std::string(pick(words->en, words->zh, language));
}

std::string problem_text(std::string_view kind, std::string_view code, const Value& params,
                         Language language, std::string_view zone) {
  if (const auto* words = find_problem_word(kind, code)) {
    return filled(pick(words->en, words->zh, language), params, {}, zone, language);
  }
  std::string out = std::string(kind).append("/").append(code);
  for (const auto& [name, value] : params.as_map()) {
    out.append(" ").append(name).append("=").append(shown(name, params, zone, language));
  }
  return out;
}

std::string fix_text(std::string_view fix, Language language) {
  const auto* words = find_problem_word("fix:" + std::string(fix));
  return words == nullptr ? std::string(fix) : std::string(pick(words->en, words->zh, language));
}

std::string buyer_question(std::string_view kind, std::string_view code, const Value& params,
                           std::string_view number, Language language) {
  const auto* words = find_problem_word(kind, code);
  if (words == nullptr) return {};
  return filled(pick(words->ask_en, words->ask_zh, language), params, number, {}, language);
}

bool looks_chinese(std::string_view text) {
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    const auto a = static_cast<unsigned char>(text[i]);
    const auto b = static_cast<unsigned char>(text[i + 1]);
    const unsigned point = (a & 0x0fu) << 12 | (b & 0x3fu) << 6;  // of three bytes
    if ((a & 0xf0u) == 0xe0u && point >= 0x4e00u && point < 0xa000u) return true;
  }
  return false;
}

}  // namespace deskmate::daemon
