// An arm on the screen: drawn when it is asked for, and gone after two minutes or at once.

import { $, all, fill, on, put } from './page.js';

const SHOWN = 120;
let left = 0;

function visible(yes) {
  for (const place of all('#unblinded,#shown')) place.hidden = !yes;
  $('show').hidden = yes;
}

export function hide() {
  left = 0;
  fill('#arm,#sheet-arm,#sheet-of', '');
  visible(false);
}

// `paper` says on a print whose it is.
export function draw(arm, paper) {
  fill('#arm,#sheet-arm', arm);
  fill('#sheet-of', paper);
  visible(true);
  left = SHOWN;
  $('hide').focus({ preventScroll: true });
}

setInterval(() => {
  if (left === 0) return;
  left -= 1;
  put('clock', `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`);
  if (left === 0) hide();
}, 1000);

on('hide', async () => hide());
on('keep', async () => { left = SHOWN; });
