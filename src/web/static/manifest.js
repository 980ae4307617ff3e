// The manifest: the short signed text by which the list is known. Lines in one order, an empty line, the signature.
// See src/sealing/manifest.rs; limits and refusals are the same.

import { hex, isLine, isPerson, isStratum, isTrial, need, sha256, unhex, utf8 } from './bytes.js';
import { verify } from './signature.js';

const BAD = 'manifest.bad';
const BLOCK_MAX = 256;
const SLOTS_MAX = 100000;

function number(text) {
  const value = /^(?:0|[1-9][0-9]{0,9})$/.test(text) ? Number(text) : NaN;
  need(value <= 0xffffffff, BAD);
  return value;
}

// A JSON list in the one way it is written.
function list(text, most, reads) {
  let values = null;
  try {
    values = JSON.parse(text);
  } catch (_) { /* refused below */ }
  need(Array.isArray(values) && JSON.stringify(values) === text, BAD);
  need(values.length >= 1 && values.length <= most && values.every(reads), BAD);
  return values;
}

const isNumber = (n) => Number.isInteger(n) && n >= 0 && n <= 0xffffffff;

// Takes the lines one after the other.
class Lines {
  constructor(text) {
    need(text.endsWith('\n'), BAD);
    this.rest = text.slice(0, -1).split('\n');
    need(this.rest.shift() === 'klero manifest v1', BAD);
  }

  maybe(name) {
    const line = this.rest[0];
    if (line === undefined || !line.startsWith(`${name}:`)) return null;
    this.rest.shift();
    if (line === `${name}:`) return '';
    // Exactly one space before what is not empty.
    const value = line.slice(name.length + 2);
    need(line[name.length + 1] === ' ' && value !== '', BAD);
    return value;
  }

  next(name, fits) {
    const value = this.maybe(name);
    need(value !== null && fits(value), BAD);
    return value;
  }

  bytes(name, length) {
    return unhex(this.next(name, (value) => unhex(value, length)), length);
  }
}

function readLines(text) {
  const lines = new Lines(text);
  const said = {
    trial: lines.next('trial', isTrial),
    purpose: lines.next('purpose', (word) => word === 'live' || word === 'training'),
    segment: number(lines.next('segment', Boolean)),
    configuration: lines.bytes('configuration', 32),
    arms: list(lines.next('arms', Boolean), 16, (name) => isLine(name, 100)),
    ratio: list(lines.next('ratio', Boolean), 16, isNumber),
  };
  const hidden = lines.maybe('sizes-commit');
  if (hidden === null) said.sizes = list(lines.next('sizes', Boolean), 16, isNumber);
  else need(unhex(hidden, 32), BAD);
  said.slots = number(lines.next('slots', Boolean));
  said.strata = [];
  for (let line = lines.maybe('stratum'); line !== null; line = lines.maybe('stratum')) {
    const cut = line.indexOf(' ');
    need(cut > 0 && isStratum(line.slice(cut + 1)), BAD);
    said.strata.push({ count: number(line.slice(0, cut)), name: line.slice(cut + 1) });
  }
  lines.bytes('seed-commit', 32);
  need(lines.bytes('beacon').length <= 1024, BAD);
  lines.next('beacon-description', (value) => isLine(value, 500));
  said.root = lines.bytes('root', 32);
  said.signer = lines.next('signer', isPerson);
  said.signerKey = lines.bytes('signer-key', 65);
  need(lines.rest.length === 0, BAD);
  return said;
}

// Do arms, ratio, sizes, strata and slots fit each other and their limits?
function agrees({ arms, ratio, sizes, slots, strata, total }) {
  const sum = ratio.reduce((all, part) => all + part, 0);
  const once = (names) => new Set(names).size === names.length;
  need(arms.length >= 2 && once(arms) && ratio.length === arms.length && !ratio.includes(0), BAD);
  need(sum >= 1 && sum <= BLOCK_MAX, BAD);
  need(!sizes || sizes.every((size) => size >= 1 && size <= BLOCK_MAX && size % sum === 0), BAD);
  const largest = sizes ? Math.max(...sizes) : BLOCK_MAX;
  need(strata.length >= 1 && strata.length <= 1000 && once(strata.map(({ name }) => name)), BAD);
  need(strata.every(({ count }) => count >= slots && count < slots + largest), BAD);
  need(total >= 1 && total <= SLOTS_MAX, BAD);
}

// Reads a manifest file and verifies its signature against the key it names. Whether it is the statistician's is
// what the pinned root says: a stranger's manifest is signed too.
export async function readManifest(file) {
  need(typeof file === 'string' && utf8(file).length <= 256 * 1024, BAD);
  const cut = file.indexOf('\n\n');
  const [, digits] = /^signature: ([0-9a-f]{128})\n$/.exec(file.slice(cut + 2)) || [];
  need(cut > 0 && digits, BAD);
  const text = file.slice(0, cut + 1);
  const said = readLines(text);
  said.total = said.strata.reduce((all, { count }) => all + count, 0);
  agrees(said);
  need(await verify(said.signerKey, 'manifest', text, unhex(digits)), BAD);
  return { ...said, hash: hex(await sha256(utf8(text))) };
}
