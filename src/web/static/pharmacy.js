// Preparing: two identifiers are matched, one slot is released, and opened in this document alone. Then what was prepared
// is held against arm and stock on this device, sealed, recorded, and handed over after the wait.

import { KleroError, groupCode, hex, readCode, sha256, utf8 } from './bytes.js';
import { newSealed, readLedger, today as day } from './ledger.js';
import {
  $, all, api, begin, chosen, data, fill, isOpen, lang, lock, newOnce, on, onLock, onSubmit, openRelease, press, put, rootSaid, row,
  run, show, step, unlock,
} from './page.js';
import { preparationBody } from './pharmacy_record.js';
import { addUp, refusalOf } from './stock.js';

let due = null;
// What was asked for each participant, by hash, and the key it was sent under: a lost answer is asked for again.
const sent = new Map();
// The release that is open, and what is known of the centre's stock.
let open = null;
let recording = null;

const SECRET = '#arm,#how,#sheet-arm,#sheet-how';

function hide() {
  fill(SECRET, '');
  for (const box of all('#record input')) {
    if (box.type === 'checkbox' || box.type === 'radio') box.checked = false;
    else box.value = '';
  }
  open = null;
  recording = null;
  $('unblinded').hidden = true;
}

const clock = (time) => new Date(time).toLocaleString(lang, { dateStyle: 'medium', timeStyle: 'short' });
const path = (reference, act) => `/v1/preparations/${reference.replace('-', '')}/${act}`;
// What was released, newest first, and how far it is: the same steps for every arm.
const newest = (one) => one.released[one.released.length - 1];
const state = (at) => ['handedOver', 'recorded', 'opened'].find((name) => at[name]) || 'released';

async function today() {
  const { preparations } = await api('GET', '/v1/preparations');
  preparations.sort((a, b) => Number(!a.visit) - Number(!b.visit));
  $('due').replaceChildren(...preparations.map((one) => {
    const at = newest(one);
    const made = row('due-row', {
      number: one.number, code: groupCode(one.code), visit: one.visit || (at && at.visit) || '–', again: one.number, hand: one.number,
      before: at ? clock(at.times.useBefore) : '',
    });
    const shown = at ? state(at) : (one.visit && 'due') || 'later';
    made.querySelector(`[data-state=${shown}]`).hidden = false;
    made.querySelector('[data-before]').hidden = !at;
    const [prepare, hand] = made.querySelectorAll('button');
    prepare.addEventListener('click', () => match(one));
    hand.hidden = !at || shown !== 'recorded';
    prepare.hidden = !hand.hidden;
    hand.addEventListener('click', () => handOver(one, at));
    return made;
  }));
  $('none').hidden = preparations.length > 0;
  show('today');
}

function match(one) {
  due = one;
  fill('[data-number]', one.number);
  for (const id of ['code', 'identifier', 'reason']) $(id).value = '';
  $('why').hidden = Boolean(one.visit);
  const visit = one.visit || (newest(one) || {}).visit;
  if (visit) $('visit').value = visit;
  show('match');
}

async function onceFor(number, text) {
  const hash = hex(await sha256(utf8(text)));
  const before = sent.get(number);
  if (before && before.hash === hash) return before.once;
  const once = newOnce();
  sent.set(number, { hash, once });
  return once;
}

onSubmit('release', async () => {
  const code = readCode($('code').value);
  if (!code) throw new KleroError('code.check');
  if (code !== due.code) throw new KleroError('no-match');
  // Unlocked before anything is asked for: a slip of a word leaves no release behind.
  await unlock();
  const body = { code, identifier: $('identifier').value.trim(), visit: $('visit').value };
  if ($('reason').value.trim()) body.reason = $('reason').value.trim();
  body.root = rootSaid();
  const text = JSON.stringify(body);
  let release;
  try {
    release = await api('POST', '/v1/preparations', text, await onceFor(due.number, text));
  } catch (error) {
    if (['visit-not-due', 'already-prepared'].includes(error.code)) $('why').hidden = false;
    throw error;
  }
  const asked = { purpose: 'prepare', participant: due.number, code };
  const opened = await openRelease(release, asked, '/v1/preparations');
  // Locked or left in the meantime: nothing is drawn.
  if (!isOpen()) return;
  hide();
  open = {
    centre: opened.centre, participant: due.number, release: release.reference.replace('-', ''), times: release.times,
    visit: body.visit, arm: opened.id,
  };
  $('unblinded').hidden = false;
  fill('#arm,#sheet-arm', opened.name);
  fill('#how,#sheet-how', opened.prepare);
  put('entry', opened.entry);
  put('prepared-code', groupCode(code));
  fill('[data-use-before]', clock(release.times.useBefore));
  put('sheet-of', `${due.number} · ${groupCode(code)} · ${body.visit} · ${opened.at}`);
  $('checker').value = '';
  show('prepare');
});

const typed = (id) => $(id).value;

// What was typed of the sealed part. Four lines, the same for every arm.
function said() {
  const lines = all('[data-line]').map((line) => {
    const of = (part) => line.querySelector(`[data-part=${part}]`).value;
    return { product: of('product'), lot: of('lot'), expiry: of('expiry'), units: of('units') };
  });
  return { lines, diluent: typed('diluent'), from: typed('from'), to: typed('to'), waste: typed('waste'), remark: typed('remark') };
}

// Everything that can be refused here is refused here, before anything goes out.
async function sealedPart() {
  const body = preparationBody(open, said());
  if (!$('appearance').checked) throw new KleroError('lot.appearance');
  if (!chosen('masked')) throw new KleroError('lot.masked');
  if (!/^[1-9]\d{0,3}$/.test(typed('volume').trim())) throw new KleroError('lot.field-volume');
  if (!typed('checker').trim() === !typed('no-second').trim()) throw new KleroError('lot.second');
  open.ledger = open.ledger || await readLedger(open.centre);
  const refused = refusalOf(addUp(open.ledger.bodies), body, day());
  if (refused) throw new KleroError(refused.code, { lot: refused.lot });
  return body;
}

onSubmit('record', async () => {
  if (!open) throw new KleroError('key.words');
  const body = await sealedPart();
  // Pressed again after a cut line: the same bytes under the same key. What was changed since is another act.
  const same = JSON.stringify({ ...body, at: null });
  if (!recording || recording.same !== same) {
    recording = { same, once: newOnce(), record: await newSealed(open.ledger, 'preparation', body) };
  }
  const send = {
    volume: Number(typed('volume')), masked: chosen('masked'), appearance: true, record: recording.record,
    signature: { password: typed('password'), meaning: data.meaning },
  };
  if (typed('prescription').trim()) send.prescription = typed('prescription').trim();
  if (typed('no-second').trim()) send.noSecondCheck = typed('no-second').trim();
  else send.secondCheck = { person: typed('checker').trim(), password: typed('checker-password'), meaning: data.check };
  try {
    await api('POST', path(open.release, 'record'), send, recording.once);
  } catch (error) {
    // A mistyped password is no other act, but whatever else was changed meanwhile is.
    if (error.code === 'idempotency-key-reused') recording.once = newOnce();
    throw error;
  }
  sent.delete(due.number);
  const at = { reference: open.release, times: open.times };
  hide();
  handOver(due, at);
});

let leaving = null;

function handOver(one, at) {
  due = one;
  leaving = { reference: at.reference, once: newOnce() };
  fill('[data-number]', one.number);
  fill('[data-use-before]', clock(at.times.useBefore));
  put('from-when', clock(at.times.handOverFrom));
  $('receiver').value = '';
  show('hand-over');
}

onSubmit('leave', async () => {
  await api('POST', path(leaving.reference, 'hand-over'), { to: typed('receiver').trim() }, leaving.once);
  $('label').href = `/participants/${due.participant}/label`;
  show('handed-over');
});

press('.to-today', () => run(async () => {
  hide();
  await today();
}));
on('print', async () => window.print());
on('lock', async () => lock());

onLock(() => {
  hide();
  if (step() === 'prepare') show('locked');
});
begin(today);
