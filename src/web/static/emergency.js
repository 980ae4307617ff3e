// Breaking one code: find, say why, open, read to the caller, and leave nothing behind.

import { KleroError, readCode } from './bytes.js';
import {
  $, all, api, begin, chosen, data, fill, isOpen, lock, newOnce, on, onLock, onSubmit, openRelease, press, put,
  rootSaid, say, show, step, unlock,
} from './page.js';
import { draw, hide } from './shown.js';
import { signAct } from './signature.js';

let found = null;
let since = 0;
let sent = null;
let reference = '';
let arm = null;
let paper = '';

const value = (id) => $(id).value.trim();
const name = (number) => fill('[data-number]', number);

// Planned safety unblindings of this participant, if there are any.
function offerPlans() {
  const own = all('#plan [data-of]').filter((one) => {
    one.hidden = one.dataset.of !== found.participant;
    one.disabled = one.hidden;
    return !one.hidden;
  });
  $('plan').value = '';
  $('plans').hidden = own.length === 0;
}

function again() {
  lock();
  found = null;
  sent = null;
  for (const box of all('#app input')) {
    box.checked = box.defaultChecked;
    if (!/radio|checkbox/.test(box.type)) box.value = '';
  }
  show('find');
}

onSubmit('find', async () => {
  const typed = value('participant').normalize('NFKC').toUpperCase();
  const digits = /^[\d\s-]+$/.test(typed);
  const participant = digits ? readCode(typed) : typed;
  if (!participant) throw new KleroError('code.check');
  const caller = chosen('caller');
  since = performance.now();
  if (caller === 'relative') {
    name(typed);
    found = { participant };
    show('relative');
    return;
  }
  const body = { participant, caller };
  if (!$('no-identifier').checked) {
    if (!value('identifier')) throw new KleroError('identifier');
    body.identifier = value('identifier');
  }
  found = await api('POST', '/v1/breaks/find', body, newOnce());
  sent = null;
  name(found.participant);
  for (const place of all('[data-fits]')) place.hidden = place.dataset.fits !== found.identifiers;
  put('centre', say(`centre.${found.centre}`));
  put('last', (found.lastPreparation || '–').slice(0, 10));
  offerPlans();
  show('break');
});

onSubmit('case', async () => {
  await api('POST', '/v1/breaks/cases', { participant: found.participant, callBack: value('relative-phone') }, newOnce());
  show('case-open');
});

on('leave', async () => {
  const { participant } = found;
  again();
  await api('POST', '/v1/breaks/leave', { participant }, newOnce());
});

// The request as it is sent, and sent again: made once, so that a second press is the same act.
async function request() {
  const body = {
    participant: found.participant, requester: value('who'), callBack: value('call-back'), category: chosen('category'),
    whatHappened: value('what'), depends: chosen('depends') === 'yes', root: rootSaid(),
  };
  if (!$('no-identifier').checked) body.identifier = value('identifier');
  if (body.depends && value('how')) body.how = value('how');
  if (value('plan')) body.plan = Number(value('plan'));
  const given = body.requester && body.callBack && body.category && body.whatHappened && chosen('depends');
  if (!given) throw new KleroError('say-all');
  const identity = await unlock();
  const text = JSON.stringify(body);
  if (!sent || sent.said !== text) {
    const once = newOnce();
    const signature = await signAct(identity, 'break-code', once, body, data.meaning);
    sent = { said: text, once, text: JSON.stringify({ ...body, signature }) };
  }
  return sent;
}

async function open() {
  const { once, text } = await request();
  const release = await api('POST', '/v1/breaks', text, once);
  const asked = { purpose: 'break', participant: found.participant, code: found.code };
  const opened = await openRelease(release, asked, '/v1/breaks');
  // Locked or left in the meantime: nothing is kept.
  if (!isOpen()) return;
  arm = opened.name;
  reference = release.reference;
  const shown = reference.replace(/^(\w{4})-?/, '$1-');
  paper = `${found.participant} · ${shown} · ${opened.at} · ${value('who')}`;
  put('reference', shown);
  // Year, month, day, as the trial writes them.
  put('at', `${new Date(opened.at).toLocaleString('sv', { timeZone: data.zone })} ${data.zone}`);
  put('entry', opened.entry);
}

on('break', async () => {
  await open();
  if (arm) show('arm');
});

on('show', async () => {
  // Shown again, it is released again: the same request under the same key, and an entry that says so.
  if (!arm) await open();
  if (!arm) return;
  if (since) put('seconds', Math.round((performance.now() - since) / 1000));
  since = 0;
  draw(arm, paper);
  arm = null;
});
on('print', async () => window.print());

for (const correct of [true, false]) {
  on(correct ? 'read-back' : 'no-read-back', async () => {
    await api('POST', `/v1/breaks/${reference.replace('-', '')}/read-back`, { correct }, newOnce());
    arm = null;
    hide();
    lock();
    show('recorded');
  });
}

// Enter goes on to the next box, which saves a tap on a phone, and never breaks a code.
for (const step of all('[data-step=find],[data-step=break]')) {
  step.addEventListener('keydown', (event) => {
    const boxes = [...step.querySelectorAll('input:not([type=radio]):not([type=checkbox]):not([type=file])')];
    const next = boxes[boxes.indexOf(event.target) + 1];
    if (event.key !== 'Enter' || event.isComposing || !boxes.includes(event.target) || !next) return;
    event.preventDefault();
    next.focus();
  });
}

press('.again', again);

onLock(() => {
  arm = null;
  hide();
  if (step() === 'arm') show('locked');
});
begin(async () => {
  show('find');
  // A scanned card: what stands behind # never went to the service, and does not stay in the history.
  const [scanned] = /^[0-9A-Z]{8}$/.exec(location.hash.slice(1)) || [];
  if (!scanned) return;
  history.replaceState(null, '', location.pathname);
  $('participant').value = scanned;
  $('identifier').focus();
});
