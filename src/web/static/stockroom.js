// The stock of one centre: its sealed records are opened and added up here, and new events are sealed here.

import { KleroError } from './bytes.js';
import { newSealed, readLedger, today } from './ledger.js';
import {
  $, all, api, begin, data, fill, isOpen, lock, newOnce, on, onLock, onSubmit, press, products, row, run, say, show, unlock,
} from './page.js';
import { EVENTS, stockBody } from './pharmacy_record.js';
import { ANY, addUp, refusalOfEvent, unfit } from './stock.js';

let ledger = null;
let waiting = null;

const nameOf = (id) => (products().find((one) => one.id === id) || { name: id === ANY ? say('lot.any') : id }).name;

function hide() {
  ledger = null;
  waiting = null;
  $('lots').replaceChildren();
  $('product').replaceChildren();
  for (const box of all('#event input')) box.value = '';
  if ($('saved').href) URL.revokeObjectURL($('saved').href);
  $('saved').removeAttribute('href');
  $('unblinded').hidden = true;
}

function draw() {
  const rows = addUp(ledger.bodies);
  $('lots').replaceChildren(...rows.map((one) => {
    const parts = { product: nameOf(one.product), lot: one.lot, expiry: one.expiry || '–', used: one.used, hand: one.onHand };
    for (const event of Object.keys(EVENTS).filter((name) => EVENTS[name] !== 0)) parts[event] = one[event];
    const code = one.expiry === null ? 'lot.foreign' : unfit(one, today());
    const differs = one.onHand < 0 || one.difference;
    parts.state = [code && say(code, { lot: one.lot }), differs && say('lot.differs', { n: one.difference || one.onHand })]
      .filter(Boolean).join(' · ');
    return row('lot-row', parts);
  }));
  $('empty').hidden = rows.length > 0;
  $('closed').hidden = ledger.closed === 0;
  fill('#closed-count', ledger.closed);
  // For klero pharmacy report: as sealed as they came.
  const { trial, centre, records, wraps } = ledger;
  const file = new Blob([JSON.stringify({ trial, centre, records, wraps })], { type: 'application/json' });
  if ($('saved').href) URL.revokeObjectURL($('saved').href);
  $('saved').href = URL.createObjectURL(file);
  $('saved').download = `${centre}.pharmacy.json`;
}

function option(value, text) {
  const made = document.createElement('option');
  made.value = value;
  made.textContent = text;
  return made;
}

async function load(centre) {
  const read = await readLedger(centre);
  // Locked in the meantime: nothing is drawn.
  if (!isOpen()) return;
  ledger = read;
  const known = [...products().map(({ id, name }) => [id, name]), [ANY, say('lot.any')]];
  $('product').replaceChildren(...known.map(([id, name]) => option(id, name)));
  draw();
  $('unblinded').hidden = false;
  show('stock');
}

onSubmit('open', async () => {
  await unlock();
  await load($('centre').value);
});

onSubmit('event', async () => {
  if (!ledger) throw new KleroError('key.words');
  const said = {};
  for (const name of ['kind', 'product', 'scan', 'lot', 'expiry', 'units', 'other', 'reason']) said[name] = $(name).value;
  const body = stockBody({ ...said, event: said.kind });
  const refused = refusalOfEvent(addUp(ledger.bodies), body);
  if (refused) throw new KleroError(refused, { lot: body.lot });
  const same = JSON.stringify({ ...body, at: null });
  if (!waiting || waiting.same !== same) {
    waiting = { same, once: newOnce(), record: await newSealed(ledger, 'stock', body) };
  }
  await api('POST', '/v1/pharmacy-records', { centre: ledger.centre, record: waiting.record }, waiting.once);
  waiting = null;
  await load(ledger.centre);
  for (const box of all('#event input')) box.value = '';
});

press('.to-open', () => run(async () => {
  hide();
  show('open');
}));
on('print', async () => window.print());
on('lock', async () => lock());
onLock(() => {
  hide();
  show('open');
});

begin(async () => {
  $('centre').replaceChildren(...data.centres.split(' ').map((id) => option(id, say(`centre.${id}`))));
  $('one-centre').hidden = $('centre').options.length < 2;
  show('open');
});
