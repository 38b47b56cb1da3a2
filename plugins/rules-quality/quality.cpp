#include "quality.hpp"

#include <algorithm>

namespace deskmate::rules_quality {

using rules::Settings;
using rules::Sheet;

void QualityRules::add(const Settings& settings, std::string_view kind, bool on,
                       std::string_view severity, std::initializer_list<std::string_view> words,
                       std::initializer_list<std::string_view> but) {
  const Settings table = settings.table(kind);
  List list{kind, table.flag("on", on), table.word("severity", severity, {"low", "normal", "high"}),
            Words()};
  list.words = Words(table.texts("words", words), table.texts("but", but));
  if (kind == "tone") {
    tone_ = list.on;
    tone_severity_ = list.severity;
    capitals_ = table.integer("capitals", 12, 2, 10'000);
    marks_ = table.integer("marks", 3, 2, 100);
  }
  lists_.push_back(std::move(list));
}

QualityRules::QualityRules(const Settings& settings) {
  add(settings, "insult", true, "high",
      {"傻逼",     "煞笔",    "沙比",       "傻子",     "傻瓜",    "白痴",  "脑残",   "弱智",
       "智障",     "神经病",  "有病吧",     "去死",     "滚开",    "滚蛋",  "滚吧",   "给我滚",
       "他妈的",   "你妈的",  "操你",       "草泥马",   "王八蛋",  "混蛋",  "垃圾人", "贱人",
       "不要脸",   "穷鬼",    "买不起就别", "idiot",    "idiots",  "moron", "stupid", "dumb",
       "imbecile", "retard",  "retarded",   "asshole",  "bastard", "bitch", "fuck",   "fucking",
       "fuck off", "shut up", "go to hell", "piss off", "loser",   "scum"},
      {"傻瓜相机", "傻瓜式", "stupid of us", "stupid of me", "stupid mistake", "stupid error"});
  add(settings, "paid_review", true, "high",
      {"好评返现",
       "好评返",
       "好评送",
       "好评有礼",
       "好评红包",
       "给好评就",
       "晒图返现",
       "删差评",
       "改差评给",
       "修改评价给",
       "五星好评送",
       "追评返",
       "for a good review",
       "for a 5 star review",
       "for a five star review",
       "for a positive review",
       "if you change your review",
       "if you remove your review",
       "if you delete your review",
       "refund for your review"});
  add(settings, "promise", true, "normal",
      {"保证",
       "一定到",
       "肯定到",
       "绝对",
       "百分之百",
       "百分百",
       "100%",
       "永不",
       "永远不会",
       "全网最低",
       "包您满意",
       "马上到账",
       "立刻到账",
       "明天一定",
       "guarantee",
       "guaranteed",
       "i promise",
       "we promise",
       "for sure",
       "definitely arrive",
       "definitely arrives",
       "without fail",
       "no matter what",
       "never breaks",
       "always works"},
      {"保证金", "不能保证", "无法保证", "不敢保证", "绝对值", "cannot guarantee",
       "can't guarantee", "no guarantee", "money-back guarantee", "100% cotton", "100% wool",
       "100% silk", "100%棉", "100%纯棉", "100%羊毛", "100%桑蚕丝"});
  add(settings, "bargain", false, "normal",
      {"给您便宜", "给你便宜", "便宜点给", "给您优惠", "给你优惠", "最低价给", "可以少", "抹零",
       "i can give you a discount", "special price for you", "lower the price", "cheaper for you"});
  add(settings, "gift", false, "normal",
      {"送您", "送你", "赠送", "送个", "送小礼物", "free gift", "a gift for you", "throw in a",
       "on the house"});
  add(settings, "tone", true, "low",
      {"你自己看",          "自己看",           "看不懂吗",    "不会看吗",
       "说了多少遍",        "跟你说过",         "不关我",      "关我什么事",
       "爱买不买",          "随便你",           "你想怎样",    "没办法，就这样",
       "as i already said", "as i said before", "like i said", "can't you read",
       "calm down",         "not my problem",   "whatever",    "obviously you"},
      {"whatever you need", "whatever you like", "whatever you prefer", "whatever suits"});
}

void QualityRules::judge(const rules::Subject& subject, Sheet& sheet) const {
  if (!subject.draft) return;
  const std::u32string text = folded(subject.draft->text);
  for (const List& list : lists_) {
    if (!list.on) continue;
    const std::string_view word = list.words.in(text);
    if (word.empty()) {
      sheet.fine(list.kind);
      continue;
    }
    sheet.found(list.kind, "word").is(list.severity).param("word", word);
  }
  if (tone_) shouting(subject.draft->text, sheet);
}

// Capitals: by the letters, so that a SKU or two is no shouting.
void QualityRules::shouting(std::string_view text, Sheet& sheet) const {
  std::int64_t upper = 0;
  std::int64_t lower = 0;
  std::int64_t run = 0;
  std::int64_t longest = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    upper += text[i] >= 'A' && text[i] <= 'Z' ? 1 : 0;
    lower += text[i] >= 'a' && text[i] <= 'z' ? 1 : 0;
    const bool wide = text.substr(i, 3) == "！";
    if (text[i] == '!' || wide) {
      longest = std::max(longest, ++run);
      i += wide ? 2 : 0;
    } else {
      run = 0;
    }
  }
  if (longest >= marks_) {
    sheet.found("tone", "marks").is(tone_severity_).param("marks", longest);
  }
  if (upper >= capitals_ && upper > 2 * lower) {
    sheet.found("tone", "capitals").is(tone_severity_).param("capitals", upper);
  }
}

}  // namespace deskmate::rules_quality
