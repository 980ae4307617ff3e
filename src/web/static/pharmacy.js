// Preparing: two identifiers are matched, one slot is released, and opened in this document alone.

import { KleroError, groupCode, readCode } from './bytes.js';
import {
  $, api, begin, fill, isOpen, lock, newOnce, on, onLock, onSubmit, openRelease, press, put, rootSaid, row, run, show, step,
  unlock,
} from './page.js';

let due = null;
let sent = null;

function hide() {
  fill('#arm,#how,#sheet-arm,#sheet-how', '');
  $('unblinded').hidden = true;
}

async function today() {
  const { preparations } = await api('GET', '/v1/preparations');
  preparations.sort((a, b) => Number(!a.visit) - Number(!b.visit));
  $('due').replaceChildren(...preparations.map((one) => {
    const made = row('due-row', { number: one.number, code: groupCode(one.code), visit: one.visit || '–', again: one.number });
    made.querySelector(`[data-state=${one.visit ? 'due' : 'later'}]`).hidden = false;
    made.querySelector('button').addEventListener('click', () => match(one));
    return made;
  }));
  $('none').hidden = preparations.length > 0;
  show('today');
}

function match(one) {
  due = one;
  sent = null;
  fill('[data-number]', one.number);
  for (const id of ['code', 'identifier', 'reason']) $(id).value = '';
  $('why').hidden = Boolean(one.visit);
  if (one.visit) $('visit').value = one.visit;
  show('match');
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
  if (!sent || sent.text !== text) sent = { text, once: newOnce() };
  let release;
  try {
    release = await api('POST', '/v1/preparations', text, sent.once);
  } catch (error) {
    if (['visit-not-due', 'already-prepared'].includes(error.code)) $('why').hidden = false;
    throw error;
  }
  const asked = { purpose: 'prepare', participant: due.number, code };
  const opened = await openRelease(release, asked, '/v1/preparations');
  // Locked or left in the meantime: nothing is drawn.
  if (!isOpen()) return;
  $('unblinded').hidden = false;
  fill('#arm,#sheet-arm', opened.name);
  fill('#how,#sheet-how', opened.prepare);
  put('entry', opened.entry);
  put('prepared-code', groupCode(code));
  put('sheet-of', `${due.number} · ${groupCode(code)} · ${body.visit} · ${opened.at}`);
  show('prepare');
});

press('.to-today', () => run(async () => {
  hide();
  await today();
}));
on('print', async () => window.print());
on('lock', async () => lock());

onLock(() => {
  hide();
  sent = null;
  if (step() === 'prepare') show('locked');
});
begin(today);
