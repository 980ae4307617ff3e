// How everything that is hashed, bound or derived is written as bytes: the twin of src/sealing/bytes.rs.

// What went wrong, as a key of the message catalogue. Never free text: the page has the words.
export class KleroError extends Error {
  constructor(code, detail) {
    super(code);
    this.code = code;
    // Values for the message, such as the number of a word; never anything secret.
    this.detail = detail || {};
  }
}

// Throws `code` unless `holds`.
export function need(holds, code) {
  if (!holds) throw new KleroError(code);
}

export const { subtle } = crypto;

const encoder = new TextEncoder();

export const utf8 = (text) => encoder.encode(text);

export const hex = (bytes) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

// Lower-case hex of exactly `length` bytes (any, when left out); anything else is null.
export function unhex(text, length) {
  if (typeof text !== 'string' || !/^(?:[0-9a-f]{2})*$/.test(text)) return null;
  if (length !== undefined && text.length !== 2 * length) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = parseInt(text.substr(2 * i, 2), 16);
  return bytes;
}

// Base64 with its padding, in the one way it is written; anything else is null.
export function unbase64(text) {
  try {
    const raw = atob(text);
    if (btoa(raw) !== text) return null;
    return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
  } catch (_) {
    return null;
  }
}

export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const u32 = (n) => Uint8Array.of(n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255);

// LP(text): its length as 16 bits big-endian, then its UTF-8 bytes.
export function lp(text) {
  const bytes = utf8(text);
  need(bytes.length <= 0xffff, 'seal.bad');
  return concat(Uint8Array.of(bytes.length >>> 8, bytes.length & 255), bytes);
}

// "klero/v1/" ‖ name ‖ 00
export const label = (name) => concat(utf8(`klero/v1/${name}`), Uint8Array.of(0));

export async function sha256(...parts) {
  return new Uint8Array(await subtle.digest('SHA-256', concat(...parts)));
}

// Public values alone are compared with it: its time tells where they differ.
export const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

export function random(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}

// An object with exactly these keys, or null.
export function exactly(value, keys) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const own = Object.keys(value);
  return own.length === keys.length && keys.every((key) => own.includes(key)) ? value : null;
}

export const isU32 = (n) => Number.isInteger(n) && n >= 0 && n <= 0xffffffff;

const slug = (text) => typeof text === 'string' && /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(text);

// The names of people, centres, trials and strata, as src/domain/ids.rs reads them.
export const isCentre = slug;
export const isPerson = (text) => slug(text) && text !== 'service';
export const isTrial = (text) => typeof text === 'string' && /^[!-~]{1,40}$/.test(text);
export const isStratum = (text) => isLine(text, 100);

// One line of 1 to `longest` bytes without control characters.
export function isLine(text, longest) {
  if (typeof text !== 'string' || /[\u0000-\u001f\u007f-\u009f]/.test(text)) return false;
  const { length } = utf8(text);
  return length >= 1 && length <= longest;
}

const DAMM = '0317598642709215486342068713591750983426612304597836742095815869720134894536201794386172052581436790';

// A treatment code as seven digits, however it was typed; null when its check digit is wrong.
export function readCode(typed) {
  const digits = String(typed).normalize('NFKC').replace(/[\s-]/g, '');
  if (!/^[1-9][0-9]{6}$/.test(digits)) return null;
  let row = 0;
  for (const digit of digits) row = Number(DAMM[10 * row + Number(digit)]);
  return row === 0 ? digits : null;
}

export const groupCode = (code) => `${code.slice(0, 3)} ${code.slice(3, 6)} ${code.slice(6)}`;
