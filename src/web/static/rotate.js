// Handing in a centre's next key, as klero key rotate wrote it. What is in the file is sealed already.

import { KleroError } from './bytes.js';
import { $, api, begin, newOnce, onSubmit, put, show } from './page.js';

let sent = null;

onSubmit('rotate', async () => {
  const [file] = $('rotation').files;
  if (!file) throw new KleroError('say-all');
  const rotation = await file.text();
  if (!sent || sent.rotation !== rotation) sent = { rotation, once: newOnce() };
  put('entry', (await api('POST', '/v1/rotations', { rotation }, sent.once)).receipt.index);
  show('taken');
});

begin(async () => show('choose'));
