# Drills: the page, the lights, the list.

drill =
    .title = Drill
    .what = You practise a code break on this very service, with a training participant: with your own sign-in, your own key and real entries. No participant is touched, and it is no code break.
    .clock = The clock of the service runs from the moment you begin to the moment your device has opened the code.
    .begin = Begin the drill
    .rings = The telephone rings. A doctor says: the participant carries this code. Type it as you hear it.
    .code = Treatment code
    .break-title = Drill: open the training code { $code }?
    .goes-nowhere = Fill in what you would write in an emergency. It is practice: nothing of it is sent or kept.
    .open = Drill: open { $code }
    .leave = Go back: no drill now
    .stands-for = Drill: { $code } stands for
    .nobodys = This code is nobody's. What it stands for is true of no participant.
    .read = Read it aloud, as you would to the caller.
    .passed = Passed in { $seconds } seconds
    .not-passed = Not passed
    .not-passed-what = The slot did not fit, a key did not open, or it took longer than ten minutes. Tell the statistician and the monitor today, and use the second road in an emergency.
    .certificate = Certificate of a drill
    .person = Practised by
    .trial = Trial
    .place = Training participant of
    .keys = Keys for a real night
    .keys-open = { $opened } open
    .took = From the beginning to the opened code
    .next = The next drill is due in four weeks.
    .print = Print the certificate
    .again = Another drill
    .hotline = Hotline
    .roads = Drills of the emergency road
    .never = no drill was ever passed
    .last-passed = last passed { $days ->
        [0] today
        [1] yesterday
       *[other] { $days } days ago
    }
    .green = in order
    .amber = a drill is due
    .red = a drill is long due
    .road = { $light }, { $last }
    .last-failed = the last one was not passed
    .link = Drill
    .all = All drills
    .none = There were no drills yet.
    .when = When
    .who = By
    .result = Result
    .unfinished = not finished
    .passed-in = passed in { $seconds } seconds
    .failed-in = not passed ({ $seconds } seconds)
