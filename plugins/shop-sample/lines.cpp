#include "lines.hpp"

#include <array>

namespace deskmate::sample {

namespace {

struct Lines {
  Mood mood;
  const char* name;
  std::span<const char* const> en;
  std::span<const char* const> zh;
};

constexpr const char* where_en[] = {
    "Hello, my order {number} hasn't moved for days. Do you know where it is?",
    "Hi! The tracking for {number} still says the same as last week. Is it lost?",
    "Good morning. I'm waiting for the {product} ({number}) — could you check with the courier?",
    "Sorry to bother you: {number} is a present for Saturday. Will it make it?",
};
constexpr const char* where_zh[] = {
    "你好,我的订单 {number} 好几天没有物流更新了,能帮忙看看到哪儿了吗?",
    "在吗?{number} 的快递卡在中转站一周了,是不是丢件了?",
    "店家您好,{product} 还没到{city},麻烦催一下快递,谢谢!",
    "我周末就要用这个 {product} 了,单号 {number},还能赶上吗?",
};
constexpr const char* when_en[] = {
    "Hi, when will you send {number}? No hurry, I'd just like to be at home.",
    "I paid for {number} two days ago. Has it left yet?",
    "Could you send the {product} before Friday? I'm away next week.",
};
constexpr const char* when_zh[] = {
    "亲,{number} 什么时候发货呀?",
    "付款两天了,{product} 还没有发出吗?",
    "请问今天下午能发吗?我下周要出差,怕收不到。",
};
constexpr const char* address_en[] = {
    "Oh dear, I gave you my old address for {number}. Can it still be changed?",
    "Please send {number} to my office instead, we have a front desk until six.",
    "The flat number is missing in {number}: it's 4B, second floor. Thank you!",
};
constexpr const char* address_zh[] = {
    "不好意思,{number} 的地址填成老家的了,还能改吗?",
    "订单 {number} 麻烦改寄到公司前台,六点前都有人。",
    "刚发现 {number} 少写了门牌号,是 3 栋 502,帮我补上好吗?",
};
constexpr const char* cancel_en[] = {
    "Hi, I ordered {number} twice by accident. Could you cancel this one?",
    "I'm sorry, I have to cancel {number}, we're moving house sooner than planned.",
    "Please cancel {number} if it hasn't left. My sister bought me the same {product}!",
};
constexpr const char* cancel_zh[] = {
    "你好,{number} 我手滑拍重了,可以取消吗?",
    "抱歉,临时用不上 {product} 了,还没发的话帮我取消吧。",
    "能不能把 {number} 退掉?家里人已经买了一个一样的。",
};
constexpr const char* gift_en[] = {
    "Could you wrap the {product} in {number} as a gift, and leave the bill out?",
    "It's a housewarming present ({number}). A small card saying \"from {name}\" would be lovely.",
    "Please pack {number} well, the stairs here are hard on parcels.",
};
constexpr const char* gift_zh[] = {
    "{number} 是送朋友的,能包得好看一点、不放价格单吗?",
    "可以帮忙写张小卡片吗?就写“乔迁快乐,{name}”。单号 {number}。",
    "易碎品麻烦多包两层泡沫,{number},辛苦啦!",
};
constexpr const char* damaged_en[] = {
    "The {product} arrived today with a chip on the rim. What can we do? ({number})",
    "Unfortunately one piece of {number} was broken when I opened the box. I kept all the packing.",
    "My {product} has a crack along the handle. I'd be happy with a replacement.",
    "Hello, {number} came wet through, the box had been in the rain. The {product} is stained.",
};
constexpr const char* damaged_zh[] = {
    "刚收到 {product},边上磕了一块,怎么处理呢?单号 {number}。",
    "打开箱子发现碎了一个,包装我都留着,要拍照吗?({number})",
    "{product} 的把手有条裂缝,能补发一个吗?",
    "快递箱子被雨淋透了,{product} 有水渍,{number},麻烦看下。",
};
constexpr const char* wrong_en[] = {
    "{number} should be the {product}, but I got another colour. Somebody else's?",
    "There's one piece missing in {number}. Was it sent separately?",
    "Hi, the size of the {product} isn't the one I ordered. Can I exchange it?",
};
constexpr const char* wrong_zh[] = {
    "发错颜色了吧?我买的是 {product},收到的不是这个。单号 {number}。",
    "{number} 少发了一件,是分开寄的吗?",
    "尺寸好像不对,跟页面写的不一样,可以换吗?",
};
constexpr const char* invoice_en[] = {
    "Could I have an invoice for {number}, please? My company needs one.",
    "Where can I download the bill for {number}?",
};
constexpr const char* invoice_zh[] = {
    "请问 {number} 能开发票吗?公司抬头。",
    "麻烦把 {number} 的电子发票发一下,报销要用,谢谢。",
};
constexpr const char* praise_en[] = {
    "Just wanted to say the {product} is even nicer than in the pictures. Thank you!",
    "It arrived safe and sound. My daughter has already claimed the {product} for herself.",
};
constexpr const char* praise_zh[] = {
    "东西收到啦,{product} 比图片还好看,谢谢店家!",
    "包装特别用心,{product} 我妈妈一眼就喜欢上了。",
};
constexpr const char* question_en[] = {
    "Hello! Is the {product} safe for the dishwasher?",
    "Do you still have the {product}? I'd need four of them.",
    "How long does it take to {city} at the moment?",
    "Does the {product} come with a box? I'd like to give it away.",
};
constexpr const char* question_zh[] = {
    "你好,{product} 可以放洗碗机吗?",
    "{product} 还有货吗?我想要四个。",
    "现在发到{city}大概要几天呀?",
    "{product} 带盒子吗?想拿来送人。",
};
constexpr const char* discount_en[] = {
    "If I take two of the {product}, is there a discount?",
    "I've bought here three times now, do you have a coupon for old friends?",
};
constexpr const char* discount_zh[] = {
    "{product} 买两个能便宜点吗?",
    "老顾客了,有没有优惠券呀?",
};
constexpr const char* ask_en[] = {
    "Thanks! And how long will that take, roughly?",
    "I see. Is there anything I have to do myself?",
    "All right. Will I get a message when it's done?",
    "Good to know. Do you also deliver on Saturdays?",
};
constexpr const char* ask_zh[] = {
    "好的,那大概要多久呢?",
    "明白了,需要我这边做什么吗?",
    "行,处理好了会通知我吗?",
    "谢谢,那周末也派送吗?",
};
constexpr const char* nudge_en[] = {
    "Hello? Is anybody there?",
    "No hurry, but have you seen my message?",
    "Just asking again, in case it got lost.",
};
constexpr const char* nudge_zh[] = {
    "在吗?",
    "不急,方便的时候回我一下就好~",
    "再问一下,怕您没看到。",
};
constexpr const char* thanks_en[] = {
    "Perfect, thank you very much!",
    "That's kind of you. Have a nice day!",
    "Wonderful, that answers everything. Thanks!",
    "Great, thank you for the quick answer.",
};
constexpr const char* thanks_zh[] = {
    "好的,谢谢啦!",
    "太好了,辛苦您了!",
    "明白了,祝生意兴隆~",
    "回复真快,谢谢!",
};
constexpr const char* relief_en[] = {
    "I've just seen it, thank you for sorting that out so quickly!",
    "Oh, that's generous. I'll be back, promised.",
    "Got it. You've saved my weekend!",
};
constexpr const char* relief_zh[] = {
    "看到了,处理得真快,谢谢!",
    "太贴心了,下次还来!",
    "收到,帮大忙了,谢谢店家。",
};

constexpr std::array<Lines, mood_count> all = {{
    {Mood::where, "where", where_en, where_zh},
    {Mood::when_ship, "when_ship", when_en, when_zh},
    {Mood::address, "address", address_en, address_zh},
    {Mood::cancel, "cancel", cancel_en, cancel_zh},
    {Mood::gift, "gift", gift_en, gift_zh},
    {Mood::damaged, "damaged", damaged_en, damaged_zh},
    {Mood::wrong, "wrong", wrong_en, wrong_zh},
    {Mood::invoice, "invoice", invoice_en, invoice_zh},
    {Mood::praise, "praise", praise_en, praise_zh},
    {Mood::question, "question", question_en, question_zh},
    {Mood::discount, "discount", discount_en, discount_zh},
    {Mood::ask, "ask", ask_en, ask_zh},
    {Mood::nudge, "nudge", nudge_en, nudge_zh},
    {Mood::thanks, "thanks", thanks_en, thanks_zh},
    {Mood::relief, "relief", relief_en, relief_zh},
}};

constexpr Product products[] = {
    {"MUG-BLUE", "Morning mug, blue", "晨蓝马克杯", 6900, 40},
    {"MUG-SAND", "Morning mug, sand", "沙色马克杯", 6900, 35},
    {"TEAPOT-S", "Little teapot", "小茶壶", 16800, 18},
    {"TEAPOT-L", "Family teapot", "家用大茶壶", 23800, 9},
    {"CUP-SET4", "Four tea cups", "品茗杯四只装", 12800, 22},
    {"BOWL-RICE", "Rice bowl, speckled", "芝麻釉饭碗", 3900, 80},
    {"BOWL-SOUP", "Soup bowl with lid", "带盖汤碗", 8900, 26},
    {"PLATE-OVAL", "Oval fish plate", "椭圆鱼盘", 9900, 15},
    {"VASE-MOON", "Moon vase", "月亮花瓶", 18800, 7},
    {"LAMP-PAPER", "Paper table lamp", "纸艺小台灯", 25900, 11},
    {"TOWEL-LINEN", "Linen tea towel", "亚麻茶巾", 4500, 60},
    {"APRON-INDIGO", "Indigo apron", "蓝染围裙", 13900, 19},
    {"TRAY-BAMBOO", "Bamboo tray", "竹制茶盘", 11900, 24},
    {"TEA-JASMINE", "Jasmine tea, 100 g", "茉莉花茶 100 克", 5800, 120},
    {"TEA-OOLONG", "Roasted oolong, 100 g", "炭焙乌龙 100 克", 7800, 90},
    {"CANDLE-PINE", "Pine candle", "松木香薰蜡烛", 8800, 33},
};

constexpr Person english[] = {
    {"Ann Whitlow", "ann.whitlow", "Leeds", "14 Orchard Row"},
    {"Tom Brackley", "tom.brackley", "Bristol", "3 Harbour Steps"},
    {"Maya Fernsby", "maya.fernsby", "Dublin", "27 Linden Walk"},
    {"Jonas Ekdahl", "jonas.ekdahl", "Uppsala", "Björkgatan 9"},
    {"Clara Venn", "clara.venn", "Toronto", "88 Maple Court"},
    {"Diego Maraval", "diego.maraval", "Valencia", "Calle del Olmo 5"},
    {"Ruth Okello", "ruth.okello", "Glasgow", "41 Ferry Lane"},
    {"Peter Lindqvist", "peter.lindqvist", "Aarhus", "Strandvej 112"},
    {"Sofia Brandner", "sofia.brandner", "Graz", "Mühlweg 6"},
    {"Hugh Pemberlow", "hugh.pemberlow", "York", "2 Minster Close"},
};

constexpr Person chinese[] = {
    {"林晓雨", "lin.xiaoyu", "杭州", "文三路 118 号 2 单元 601"},
    {"陈志远", "chen.zhiyuan", "成都", "锦绣街 36 号"},
    {"王安琪", "wang.anqi", "上海", "梧桐路 77 弄 5 号"},
    {"赵一鸣", "zhao.yiming", "西安", "长乐坊 12 号楼 1503"},
    {"孙小满", "sun.xiaoman", "广州", "榕树里 9 号"},
    {"周知夏", "zhou.zhixia", "武汉", "江汉北路 201 号"},
    {"吴若谷", "wu.ruogu", "北京", "柳荫胡同 23 号"},
    {"徐暖阳", "xu.nuanyang", "厦门", "海风街 58 号 402"},
    {"何秋白", "he.qiubai", "南京", "明城路 16 号"},
    {"郑可心", "zheng.kexin", "深圳", "科苑南道 3 栋 2208"},
};

}  // namespace

std::span<const char* const> lines(Mood mood, std::string_view language) {
  for (const Lines& each : all) {
    if (each.mood == mood) return language == "zh" ? each.zh : each.en;
  }
  return thanks_en;
}

const char* to_string(Mood mood) {
  for (const Lines& each : all) {
    if (each.mood == mood) return each.name;
  }
  return "thanks";
}

Mood mood_of(std::string_view name) {
  for (const Lines& each : all) {
    if (each.name == name) return each.mood;
  }
  return Mood::thanks;
}

std::span<const Product> catalogue() { return products; }

std::span<const Person> people(std::string_view language) {
  if (language == "zh") return chinese;
  return english;
}

std::string fill(std::string text, std::string_view name, std::string_view value) {
  const std::string mark = "{" + std::string(name) + "}";
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    text.replace(at, mark.size(), value);
    at += value.size();
  }
  return text;
}

}  // namespace deskmate::sample
