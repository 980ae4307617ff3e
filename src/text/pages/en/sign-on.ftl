# What the pages say about the hospital's own sign-on.

sign-on =
    .title = Hospital sign-on
    .enter = Sign in with { $name }
    .by-password = Sign in with name and password
    .not = You are not signed in
    .not-away = { $name } does not answer at the moment, so nobody can be signed in by it.
    .next-away = Sign in with your account name and password here: they work whether { $name } does or not. Tell the hospital’s IT if it goes on.
    .not-over = This sign-in by { $name } is over: it took too long, it was used already, or it was begun in another browser.
    .next-over = Begin again, or sign in with your account name and password.
    .not-refused = { $name } did not confirm who you are, or not in a way that can be trusted.
    .next-refused = Begin again, or sign in with your account name and password. Tell the hospital’s IT if it goes on.
    .not-unlinked = { $name } knows you, but this account there enters nothing here.
    .next-unlinked = Sign in with your account name and password. Then link it: page Account, Hospital sign-on.
    .what = You may sign in with { $name } instead of the password of here. The second step stays, unless the hospital’s own counts for it.
    .never-signs = It signs nothing. Every act that asks for your password goes on asking for it, and every key for its six words.
    .linked = An account there is linked since { $at }. Which one is not kept: only what recognises it.
    .not-linked = No account there is linked to yours.
    .confirm = { $name } has confirmed who you are. Type your password of here, and from now on that account enters as you.
    .go = Go to { $name }
    .go-hint = You sign in there, and come back here to confirm it with your password.
    .link = Link it
    .unlink = Unlink it
