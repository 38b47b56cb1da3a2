// Recorded buyers who write English.
import type { Dialogue, Lexicon } from './rehearsal';

export const lexicon: Lexicon = {
  greet: ['hello', 'hi ', 'hi,', 'hi!', 'hi.', 'good morning', 'good afternoon', 'good evening', 'welcome', 'dear'],
  sorry: ['sorry', 'apolog', 'regret', 'inconvenience'],
  check: ['check', 'look into', 'looking', 'look at', 'ask the', 'asked', 'find out', 'contact the courier', 'contacting', 'see what'],
  when: ['minute', 'hour', 'today', 'tomorrow', 'tonight', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'days', 'by the', 'week'],
  photo: ['photo', 'picture', 'image', 'video'],
  choice: ['refund', 'resend', 'replacement', 'replace', 'exchange', 'discount', 'coupon', 'voucher', 'return'],
  size: ['size', 'cm', 'inch', 'centimet', 'measure', 'chart'],
  thanks: ['thank', 'appreciate', 'you are welcome', 'you’re welcome', 'have a nice', 'glad', 'my pleasure'],
};

export const dialogues: Dialogue[] = [
  {
    id: 'stuck', title: 'practice.stuck', about: 'practice.stuck_about', buyer: 'Emma', nudge: 'Hello? Is anybody there?',
    steps: [
      { says: 'Hi, my parcel has not moved for six days. Order T-1042. Where is it?', wants: ['greet', 'sorry', 'check'], again: 'So can you look where it is or not?' },
      { says: 'It says “held at sorting centre”. I need it for a birthday on Saturday.', wants: ['check', 'when'], again: 'And when will I know?' },
      { says: 'What if it does not come in time?', wants: ['choice'], again: 'That does not tell me what you will do.' },
      { says: 'All right, I will wait for your message then.', wants: ['when', 'thanks'], again: 'OK…' },
    ],
    ends: 'Thanks, bye.',
  },
  {
    id: 'size', title: 'practice.size', about: 'practice.size_about', buyer: 'Oliver', nudge: 'Are you there? I would order now.',
    steps: [
      { says: 'Do the running shoes come up small? I usually wear a 43.', wants: ['greet', 'size'], again: 'I meant: which one should I take?' },
      { says: 'My foot is 27.5 cm. 43 or 44?', wants: ['size'], again: 'So which number?' },
      { says: 'Could I send them back if they do not fit?', wants: ['choice', 'when'], again: 'Is that a yes?' },
      { says: 'Great, ordering the 44. When would it be here?', wants: ['when', 'thanks'], again: 'I mean the delivery.' },
    ],
    ends: 'Perfect, just ordered.',
  },
  {
    id: 'broken', title: 'practice.broken', about: 'practice.broken_about', buyer: 'Sophie', nudge: 'I am still waiting for an answer.',
    steps: [
      { says: 'The teapot came in pieces. Very disappointed.', wants: ['sorry', 'photo'], again: 'Is that all you have to say?' },
      { says: 'Here are three photos: the pot, the box, the label.', wants: ['thanks', 'choice'], again: 'And now?' },
      { says: 'I would rather have a new one than the money.', wants: ['check', 'when'], again: 'When would it be sent?' },
      { says: 'Do I have to send the pieces back?', wants: ['thanks'], again: 'So no?' },
    ],
    ends: 'OK. Thank you for sorting it out.',
  },
  {
    id: 'angry', title: 'practice.angry', about: 'practice.angry_about', buyer: 'Mr Grant', nudge: 'TYPICAL. Nobody answers.',
    steps: [
      { says: 'Third time I write. Two weeks and NOTHING. I want my money back NOW or I leave one star.', wants: ['sorry', 'check'], again: 'Are you even reading this?' },
      { says: 'I do not care about your courier. What are you going to do?', wants: ['choice', 'when'], again: 'That is no answer.' },
      { says: 'How long does a refund take?', wants: ['when'], again: 'Days? Weeks?' },
      { says: 'Fine. Refund it then.', wants: ['sorry', 'when'], again: 'Hm.' },
    ],
    ends: 'We will see.',
  },
  {
    id: 'wrong', title: 'practice.wrong', about: 'practice.wrong_about', buyer: 'Liu', nudge: 'Hello?',
    steps: [
      { says: 'I ordered the blue lamp, and got a green one.', wants: ['sorry', 'photo'], again: 'Do you not believe me?' },
      { says: 'Photo sent. The invoice says blue, too.', wants: ['thanks', 'choice'], again: 'What happens now?' },
      { says: 'Could I keep the green one for less?', wants: ['check', 'choice'], again: 'Yes or no?' },
      { says: 'That is a fair offer, thank you.', wants: ['thanks'], again: '…' },
    ],
    ends: 'Bye!',
  },
];
