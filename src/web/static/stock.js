// What a centre's sealed records add up to, lot by lot: the twin of src/domain/stock.rs. All of it on the holder's device.

import { EVENTS } from './pharmacy_record.js';

const MOVES = Object.keys(EVENTS).filter((event) => EVENTS[event] !== 0);

function rowOf(rows, product, lot) {
  const name = `${product} ${lot}`;
  if (!rows.has(name)) {
    const row = { product, lot, expiry: null, scan: '', used: 0, onHand: 0, state: null, difference: null };
    for (const event of MOVES) row[event] = 0;
    rows.set(name, row);
  }
  return rows.get(name);
}

function happened(row, body) {
  const sign = EVENTS[body.event];
  if (sign !== 0) {
    row[body.event] += body.units;
    row.onHand += sign * body.units;
  }
  // What came in says what it is; later slips of the pen do not change it.
  if (sign > 0 && row.expiry === null) Object.assign(row, { expiry: body.expiry, scan: body.scan });
  if (body.event === 'quarantined' && row.state === null) row.state = 'quarantined';
  if (body.event === 'released' && row.state === 'quarantined') row.state = null;
  // A recall is for ever.
  if (body.event === 'recalled') row.state = 'recalled';
  if (body.event === 'count') row.difference = body.units - row.onHand;
}

// The rows of every lot, from opened records in the order in which they were kept.
export function addUp(bodies) {
  const rows = new Map();
  for (const { kind, body } of bodies) {
    if (kind === 'stock') happened(rowOf(rows, body.product, body.lot), body);
    for (const line of kind === 'preparation' ? body.lines : []) {
      const row = rowOf(rows, body.arm, line.lot);
      row.used += line.units;
      row.onHand -= line.units;
    }
  }
  return [...rows.values()];
}

const cameIn = (row) => row.expiry !== null;

// Why a lot may not be used today, or null.
export function unfit(row, today) {
  if (row.state) return `lot.${row.state}`;
  return row.expiry < today ? 'lot.expired' : null;
}

// Why a line of a preparation is refused, or null: the lot came in here, is of this arm's product, and may be used.
export function refusal(rows, arm, line, today) {
  const lots = rows.filter((row) => row.lot === line.lot && cameIn(row));
  const row = lots.find((one) => one.product === arm);
  if (lots.length === 0) return 'lot.foreign';
  if (!row || (row.scan && line.product && row.scan !== line.product)) return 'lot.product';
  if (row.expiry !== line.expiry) return 'lot.expiry';
  return unfit(row, today) || (line.units > row.onHand ? 'lot.short' : null);
}

// What is of no arm: a diluent, above all.
export const ANY = 'other';

// Why a whole preparation is refused: its lines, or a diluent that never came in here or may not be used.
export function refusalOf(rows, body, today) {
  const used = new Map();
  for (const line of body.lines) {
    used.set(line.lot, (used.get(line.lot) || 0) + line.units);
    const code = refusal(rows, body.arm, { ...line, units: used.get(line.lot) }, today);
    if (code) return { code, lot: line.lot };
  }
  const diluent = rows.find((row) => row.product === ANY && row.lot === body.diluent && cameIn(row));
  const code = diluent ? unfit(diluent, today) : 'lot.foreign';
  return code ? { code, lot: body.diluent } : null;
}

// Why an event is refused, or null. A count that differs wants a reason, and so does a loss.
export function refusalOfEvent(rows, body) {
  const row = rows.find((one) => one.product === body.product && one.lot === body.lot);
  const sign = EVENTS[body.event];
  if (sign <= 0 && !(row && cameIn(row))) return 'lot.foreign';
  if (row && cameIn(row) && row.expiry !== body.expiry) return 'lot.expiry';
  if (sign < 0 && body.units > row.onHand) return 'lot.short';
  const differs = body.event === 'count' && body.units !== row.onHand;
  return (differs || ['damaged', 'lost'].includes(body.event)) && !body.reason ? 'lot.reason' : null;
}
