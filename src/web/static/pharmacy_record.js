// What stands in sealed pharmacy records, and the bounds that make it fit.

import { KleroError, utf8 } from './bytes.js';

// Fields are bounded so that the longest record fits: no quotation mark and no backslash, which would be written as two.
const wrong = (field) => { throw new KleroError(`lot.field-${field}`); };

function plain(field, typed, longest, must) {
  const text = typed.trim();
  if ((must && !text) || text.length > longest || !/^[ !#-[\]-~]*$/.test(text)) wrong(field);
  return text;
}

function words(field, typed) {
  const text = typed.trim();
  if (text.length > 40 || utf8(text).length > 120 || /["\\\p{Cc}\p{Cs}\u2028\u2029]/u.test(text)) wrong(field);
  return text;
}

function day(field, typed) {
  const text = typed.trim();
  const date = new Date(`${text}T00:00:00Z`);
  if (!/^20\d\d-\d\d-\d\d$/.test(text) || Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== text) wrong(field);
  return text;
}

function count(field, typed) {
  if (!/^\d{1,4}$/.test(typed.trim())) wrong(field);
  return Number(typed);
}

function clock(field, typed) {
  if (!/^(?:[01]\d|2[0-3]):[0-5]\d$/.test(typed.trim())) wrong(field);
  return typed.trim();
}

// One record a preparation, saline too: the same fields for every arm.
export function preparationBody(of, said, at = new Date()) {
  const filled = said.lines.filter((line) => Object.values(line).some((text) => text.trim()));
  if (filled.length === 0) wrong('lot');
  return {
    v: 1, at: at.toISOString(), release: of.release, participant: of.participant, visit: of.visit, arm: of.arm, fits: true,
    lines: filled.map((line) => ({
      product: plain('product', line.product, 30),
      lot: plain('lot', line.lot, 20, true),
      expiry: day('expiry', line.expiry),
      units: count('units', line.units),
    })),
    diluent: plain('diluent', said.diluent, 20, true),
    from: clock('from', said.from),
    to: clock('to', said.to),
    waste: plain('waste', said.waste, 20),
    remark: words('remark', said.remark),
  };
}

// What happens to a stock, and whether it adds to what is on hand or takes from it.
export const EVENTS = {
  received: 1, 'transferred-in': 1, 'transferred-out': -1, returned: -1, destroyed: -1, damaged: -1, lost: -1,
  quarantined: 0, released: 0, recalled: 0, count: 0,
};

export function stockBody(said, at = new Date()) {
  if (EVENTS[said.event] === undefined) wrong('event');
  return {
    v: 1, at: at.toISOString(), event: said.event,
    product: plain('product', said.product, 40, true),
    scan: plain('scan', said.scan, 30),
    lot: plain('lot', said.lot, 20, true),
    expiry: day('expiry', said.expiry),
    units: count('units', said.units),
    other: words('other', said.other),
    reason: words('reason', said.reason),
  };
}
