// The sealed part of a code break's record: opened and sealed on this device alone.

import { need } from './bytes.js';
import { NARRATIVE, breakBody } from './break_record.js';
import {
  $, all, api, begin, chosen, data, fill, isOpen, lang, lock, newOnce, on, onLock, onSubmit, row, say, show, trail, unlock,
} from './page.js';
import { newSealed } from './ledger.js';
import { checkNote } from './proof.js';
import { keysOf, openRecord, proveKept } from './record.js';
import { signAct } from './signature.js';

let book = null;
let waiting = null;

function hide() {
  book = null;
  waiting = null;
  $('parts').replaceChildren();
  $('narrative').value = '';
  for (const box of all('input[name=related]')) box.checked = false;
  $('unblinded').hidden = true;
}

const clock = (time) => new Date(time).toLocaleString(lang, { dateStyle: 'medium', timeStyle: 'short', timeZone: data.zone });

// One part with the entry that kept it: who and when are the entry's, the rest is what was sealed.
async function opened(one, said, signed, keys) {
  const { line, sealed } = await proveKept(signed, { ...one, kind: 'break', release: said.reference }, one.centre);
  const key = keys.get(`${one.centre} ${one.epoch}`);
  if (!key) return null;
  const body = await openRecord(key, { trial: said.trial, kind: 'break', record: one.record }, sealed);
  need(body.release === said.reference, 'record.sealed');
  return { at: clock(line.at), by: line.by, related: say(`related.${body.relatedAfter}`), narrative: body.narrative };
}

async function load(identity) {
  const said = await api('GET', `/v1/sealed-parts/${data.reference}`);
  need(said.reference === data.reference && said.trial === data.trial, 'record.sealed');
  const signed = await checkNote(trail(), said.receipt.checkpoint);
  const keys = await keysOf(identity, said.trial, said.wraps);
  const parts = [];
  for (const one of said.records) parts.push(await opened(one, said, signed, keys));
  // Locked in the meantime: nothing is drawn.
  if (!isOpen()) return;
  const held = said.wraps.filter(({ centre }) => centre === said.centre).map(({ epoch }) => epoch);
  book = { trial: said.trial, centre: said.centre, keys, newest: Math.max(...held) };
  const open = parts.filter(Boolean);
  $('parts').replaceChildren(...open.reverse().map((part) => row('part-row', part)));
  $('none').hidden = parts.length > 0;
  $('closed').hidden = open.length === parts.length;
  fill('#closed-count', parts.length - open.length);
  $('write').hidden = data.ended === 'yes' || held.length === 0;
  $('unblinded').hidden = false;
  show('part');
}

onSubmit('open', async () => load(await unlock()));

onSubmit('write', async () => {
  need(book, 'key.words');
  const identity = await unlock();
  const of = { release: data.reference, participant: data.participant };
  const body = breakBody(of, { related: chosen('related') || '', narrative: $('narrative').value });
  // Pressed again after a cut line: the same bytes under the same key. What was changed since is another act.
  const same = JSON.stringify({ ...body, at: null });
  if (!waiting || waiting.same !== same) {
    const sent = { reference: data.reference, record: await newSealed(book, 'break', body) };
    const once = newOnce();
    waiting = { same, once, sent: { ...sent, signature: await signAct(identity, 'seal-part', once, sent, data.meaning) } };
  }
  await api('POST', '/v1/sealed-parts', waiting.sent, waiting.once);
  hide();
  await load(identity);
});

on('lock', async () => lock());
onLock(() => {
  hide();
  show('open');
});

begin(async () => {
  $('narrative').maxLength = NARRATIVE;
  show('open');
});
