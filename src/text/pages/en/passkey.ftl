# Words of the pages: passkeys.

passkey =
    .title = Passkeys
    .what = A passkey is a key in your phone, your computer or a small stick. At sign-in it takes the place of the six digits, beside your password. You unlock it as you unlock the device.
    .beside = It signs nothing: every act is signed as before. Your phone's digits and your recovery codes stay good, and setting the second factor up anew removes all passkeys.
    .none = You have no passkey.
    .numbered = Passkey { $number }
    .since = added { $at }
    .remove = Remove passkey { $number }
    .add = Add a passkey
    .add-what = First your password, so that nobody else adds one while you are away.
    .make = Make the passkey
    .ready = Press the button. Your browser asks you for the device that shall keep the passkey.
    .without = This needs a browser that runs scripts and knows passkeys, at the address at which you work every day.
    .factor-first = A passkey stands beside the second factor. Set that up first.
    .enough = That is as many as one account may have. Remove one to add another.
    .use = Use a passkey
    .not-done = No passkey was used. Try again, or go on without it.
