// Two members' consoles on a real mailbox: OpenSMTPD and Dovecot, and a buyer with a mail program.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Buyer } from '../servers/mail/buyer.mjs';
import { startMail } from '../servers/mail/servers.mjs';
import { mailPlugin, mailboxRead } from '../servers/stage.mjs';
import { answer, bubble, lookAt, press, row, say, withStage } from './stage.mjs';

test('R3 R12: a mail comes, is answered by keyboard alone and delivered; passed on, the other answers in the thread', async () => {
  const mail = await startMail();
  const buyer = new Buyer(mail, 'eve@buyers.test', 'Eve');
  try {
    await withStage({ plugins: [mailPlugin(mail)] }, async (stage) => {
      await mailboxRead(stage.desk);
      const ann = await stage.page(1);
      const li = await stage.page(2);
      await stage.phrase(ann, 'way', 'Dear {buyer}, it is on its way. {agent}');
      await press(ann, 'g', 'i');

      const sent = await buyer.write({ subject: 'Order T_1', text: 'Where is my parcel?' });
      await row(ann, 'Eve').waitFor();
      await press(ann, 'n');
      await bubble(ann, 'Where is my parcel?').waitFor();
      const keys = await press(ann, '/', 'w', 'Enter', 'Enter');
      assert.ok(keys <= 4);
      const [first] = await buyer.inbox({ count: 1 });
      assert.match(first.text, /Dear Eve, it is on its way\. Ann/);
      assert.equal(first.inReplyTo, sent.messageId);

      await buyer.reply(first, '谢谢！还有一个问题。');
      await bubble(ann, '谢谢！还有一个问题。').waitFor();
      await press(ann, 'Escape', 't');
      await ann.locator('dialog[data-dialog=transfer]').waitFor();
      await press(ann, '2');
      await say(ann, 'She writes Chinese.');
      await lookAt(li, 'Eve');
      await bubble(li, 'She writes Chinese.').waitFor();
      await press(li, 'r');
      await answer(li, '您好，请讲。');
      const [, second] = await buyer.inbox({ count: 2 });
      assert.match(second.text, /您好，请讲。/);
      assert.ok(!/She writes Chinese/.test(second.text));
      assert.equal((await buyer.inbox({ count: 2 })).length, 2);
    });
  } finally {
    await buyer.close();
    await mail.stop();
  }
});
