// 用中文的录制买家。
import type { Dialogue, Lexicon } from './rehearsal';

export const lexicon: Lexicon = {
  greet: ['您好', '你好', '在的', '欢迎', '亲', '早上好', '下午好', '晚上好'],
  sorry: ['抱歉', '对不起', '不好意思', '歉意', '见谅', '理解您'],
  check: ['查', '核实', '确认', '联系快递', '催', '问一下', '看一下', '跟进', '反馈'],
  when: ['分钟', '小时', '今天', '今晚', '明天', '后天', '天内', '工作日', '周', '星期', '点前', '之前', '尽快在'],
  photo: ['照片', '图片', '拍', '截图', '视频'],
  choice: ['退款', '退货', '补发', '换', '重发', '优惠', '补偿', '退回', '差价', '包邮'],
  size: ['码', '尺', '厘米', 'cm', '脚长'],
  thanks: ['谢', '感谢', '祝', '不客气', '愉快', '应该的'],
};

export const dialogues: Dialogue[] = [
  {
    id: 'stuck', title: 'practice.stuck', about: 'practice.stuck_about', buyer: '小雨', nudge: '在吗？',
    steps: [
      { says: '你好，我的快递六天没动了，订单 T-1042，到底在哪？', wants: ['greet', 'sorry', 'check'], again: '那能不能帮我查一下？' },
      { says: '物流显示“滞留分拨中心”，我周六生日要用的。', wants: ['check', 'when'], again: '什么时候能有消息？' },
      { says: '要是赶不上怎么办？', wants: ['choice'], again: '你没说会怎么处理呀。' },
      { says: '好吧，那我等你消息。', wants: ['when', 'thanks'], again: '嗯……' },
    ],
    ends: '谢谢，再见。',
  },
  {
    id: 'size', title: 'practice.size', about: 'practice.size_about', buyer: '阿杰', nudge: '在不在？想现在下单。',
    steps: [
      { says: '这双跑鞋偏小吗？我平时穿 43。', wants: ['greet', 'size'], again: '我是问应该拍哪一个。' },
      { says: '脚长 27.5 厘米，43 还是 44？', wants: ['size'], again: '所以是几码？' },
      { says: '不合适能退吗？', wants: ['choice', 'when'], again: '就是可以退？' },
      { says: '好，那拍 44 了，几天能到？', wants: ['when', 'thanks'], again: '我问的是到货时间。' },
    ],
    ends: '好的，已经下单了。',
  },
  {
    id: 'broken', title: 'practice.broken', about: 'practice.broken_about', buyer: '王女士', nudge: '还在等你们回复。',
    steps: [
      { says: '收到的茶壶碎了，太失望了。', wants: ['sorry', 'photo'], again: '就这样？' },
      { says: '照片发了三张：茶壶、外箱、面单。', wants: ['thanks', 'choice'], again: '然后呢？' },
      { says: '我不想退钱，想要个新的。', wants: ['check', 'when'], again: '什么时候能发？' },
      { says: '碎片要寄回去吗？', wants: ['thanks'], again: '就是不用寄？' },
    ],
    ends: '好的，谢谢处理。',
  },
  {
    id: 'angry', title: 'practice.angry', about: 'practice.angry_about', buyer: '陈先生', nudge: '又没人理？？',
    steps: [
      { says: '第三次找你们了！两个星期没到货，马上退钱，不然差评！', wants: ['sorry', 'check'], again: '你到底看了没有？' },
      { says: '快递的事我不管，你们打算怎么办？', wants: ['choice', 'when'], again: '这算什么回答。' },
      { says: '退款多久到账？', wants: ['when'], again: '几天？几周？' },
      { says: '行，退吧。', wants: ['sorry', 'when'], again: '哼。' },
    ],
    ends: '看你们的了。',
  },
  {
    id: 'wrong', title: 'practice.wrong', about: 'practice.wrong_about', buyer: '刘同学', nudge: '有人吗？',
    steps: [
      { says: '我买的是蓝色台灯，寄来的是绿色。', wants: ['sorry', 'photo'], again: '不相信我吗？' },
      { says: '照片发了，发货单上也写着蓝色。', wants: ['thanks', 'choice'], again: '现在怎么办？' },
      { says: '绿色的我留着，能便宜点吗？', wants: ['check', 'choice'], again: '行还是不行？' },
      { says: '这样挺好，谢谢。', wants: ['thanks'], again: '……' },
    ],
    ends: '再见！',
  },
];
