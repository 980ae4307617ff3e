// What each arm is called and how it is prepared, out of the trial file's [[arms]], in the one plain layout they have.
// Anything else is null, and the page shows the manifest's name.

import { hex, sha256, utf8 } from './bytes.js';

const TEXT = '"((?:[^"\\\\\\u0000-\\u001f]|\\\\["\\\\])*)"';
const ID = /^id = "([a-z0-9_-]{1,40})"\s*(?:#.*)?$/;
const WORDS = new RegExp(`^\\{ en = ${TEXT}, zh = ${TEXT} \\}\\s*(?:#.*)?$`);
const plain = (text) => text.replace(/\\(["\\])/g, '$1');

function readArm(lines) {
  const arm = {};
  for (const line of lines) {
    const [, key, value] = /^([a-z_]+) = (.+)$/.exec(line) || [];
    if (key === undefined) {
      if (/^\s*(?:#.*)?$/.test(line)) continue;
      return null;
    }
    if (arm[key] !== undefined) return null;
    arm[key] = value;
  }
  const [, id] = ID.exec(`id = ${arm.id}`) || [];
  const [name, prepare] = [arm.name, arm.prepare].map((value) => {
    const [, en, zh] = WORDS.exec(value) || [];
    return en && zh ? { en: plain(en), 'zh-CN': plain(zh) } : null;
  });
  return id && name && prepare ? { id, name, prepare } : null;
}

// The arms in manifest order, or null.
export async function readArms(file, manifest) {
  if (typeof file !== 'string' || hex(await sha256(utf8(file))) !== hex(manifest.configuration)) return null;
  // Texts of several lines could hold what looks like a section.
  if (file.includes('"""') || file.includes("'''") || /^\s*\[+\s*arms\s*\./m.test(file)) return null;
  const lines = file.split(/\r?\n/);
  const arms = [];
  for (let i = 0; i < lines.length; i += 1) {
    if (lines[i].trim() === '[[arms]]') {
      const end = lines.findIndex((line, at) => at > i && /^\s*\[/.test(line));
      arms.push(readArm(lines.slice(i + 1, end < 0 ? lines.length : end)));
    }
  }
  const known = arms.length === manifest.arms.length;
  return known && arms.every((arm, i) => arm && arm.id === manifest.arms[i]) ? arms : null;
}
