# Words of Klero, English. `zh-CN.ftl` has the same keys with the same arguments: a test compares them.
#
# A problem has a title (the same at every occurrence), a detail (what happened and why) and what to do next.
# `more` is an extra sentence that is said only when every argument it wants is known.
# Words say what to do. They never blame and never ask for pardon.

## Problems: the request itself

malformed-request =
    .title = The request cannot be read
    .detail = A body, a header or a part of the address is missing, doubled, of the wrong type or not well formed. Nothing was done.
    .next = Compare it with the description at /docs, correct it and send it again.
idempotency-key-missing =
    .title = The Idempotency-Key is missing
    .detail = Every act needs one header Idempotency-Key of 16 to 64 printable characters, so that sending an act twice never does it twice. Nothing was done.
    .next = Make one random key for this act, and send the same key whenever you repeat it.
idempotency-key-reused =
    .title = This Idempotency-Key belongs to another act
    .detail = The key was used before with another content. Nothing was done now; the first act stands.
    .next = To repeat the first act, send exactly what was sent then. For a new act, make a new key.
too-large =
    .title = What was sent is too large
    .detail = The address or the body is longer than this interface takes. Nothing was done.
    .next = Send less at a time. The limits stand at /docs.
wrong-content-type =
    .title = The content is not of the expected type
    .detail = This interface reads JSON in UTF-8, not compressed: Content-Type: application/json. Nothing was done.
    .next = Send JSON and say so in the header Content-Type.
invalid-fields =
    .title = There is a problem with some of the answers
    .detail = Some fields cannot be taken as they are; each is named below with its reason. Nothing was recorded.
    .next = Correct the fields that are named and send the form again.
if-match-needed =
    .title = The version you read is missing
    .detail = A record may be changed only by somebody who has seen it as it stands, so the header If-Match is needed. Nothing was changed.
    .next = Read the record, and send its ETag as If-Match.
changed-since-read =
    .title = Someone changed this while you were reading
    .detail = The record is no longer the one you looked at. Nothing was changed now.
    .next = Look at it again, and then decide.
no-such-page =
    .title = There is no such page
    .detail = Nothing lives at this address.
    .next = Look at the address again, or begin at the start page.
no-such-record =
    .title = There is no such record for you
    .detail = It does not exist, or it is not yours to see. Both are answered alike.
    .next = Look at the reference again. If it is right, ask the trial office.
method-not-allowed =
    .title = This address does not take that method
    .detail = The header Allow names the methods that it takes. Nothing was done.
    .next = Use one of the methods in Allow; /docs says what each does.
slow-down =
    .title = Too many requests at once
    .detail = More came than the service takes from one account or altogether. This one was not carried out.
    .next = Wait as long as Retry-After says, then send it again with the same Idempotency-Key.

## Problems: who you are and what you may do

sign-in-needed =
    .title = Sign in first
    .detail = There is no session, or it has ended. Nothing was done.
    .next = Sign in and send the request again with the new session.
credentials-wrong =
    .title = Name, password or code is not right
    .detail = Which of them is not said, to anybody. Nothing was done.
    .next = Try again. If you have lost the password or the phone, ask the administrator.
second-factor-needed =
    .title = Your second factor is needed
    .detail = Name and password alone do not open this account here: a code from your phone, or a recovery code, belongs to them. Nothing was done.
    .next = Enter the six digits that your phone shows, or a recovery code. If no phone is set up yet, do it on your account page: it takes a minute.
signature-needed =
    .title = Your signature is missing or not right
    .detail = This act is signed with your login password at the moment of the act. Nothing was done.
    .next = Type your login password and send the act again.
not-your-role =
    .title = Your role does not include this
    .detail = The table of rights gives this act to other roles, or to this role at another centre. The attempt was recorded.
    .next = Ask a colleague whose role includes it. The trial office knows who.
not-granted-yet =
    .title = Your key has no grant yet
    .detail = Nobody has given your key the centre key that opens this record. Nothing was released.
    .next = Call a colleague who holds it, and let the fingerprint be compared by voice.

## Problems: participants and randomisation

possible-duplicate =
    .title = This may be a person who is already in the trial
    .detail = Someone with this birth date, sex and initials, or with one of them slightly different, is already in the trial.
    .next = Check that this is another person. The investigator signs that it is.
no-consent =
    .title = There is no signed consent
    .detail = Nobody goes on without signed consent. Nothing was randomised.
    .next = Record when and on which form consent was signed, or stop here.
    .more = This is about { $number }.
dates-out-of-order =
    .title = The dates are not in order
    .detail = One date lies before another that must come first. Nothing was done.
    .next = Look at the dates again, and correct the wrong one.
    .more = { $later } must not be before { $earlier }.
not-eligible =
    .title = The participant cannot be randomised
    .detail = A criterion is not met or not answered. The answers are kept; nothing was randomised.
    .next = If an answer is wrong, correct it. Otherwise the screening record stays as it is.
    .more = This is about { $criterion }.
eligibility-not-signed =
    .title = The investigator has not signed eligibility yet
    .detail = There is no signature for the answers as they stand now. An answer that is changed afterwards withdraws it. Nothing was randomised.
    .next = Ask the investigator of the centre to sign.
not-entrusted =
    .title = No coordinator has signed for this yet
    .detail = A machine signs nothing. It may ask for an allocation only after a coordinator of the centre has signed so for this participant, with the answers as they stand now and not longer than 72 hours ago. Nothing was randomised.
    .next = A coordinator opens the participant's page and signs there; then send the request again with the same Idempotency-Key.
recruitment-paused =
    .title = Recruitment is paused
    .detail = Nobody is randomised here for now. Nothing was randomised.
    .next = Ask the sponsor since when, and why.
centre-not-open =
    .title = This centre is not open
    .detail = Its recruitment has not been opened, or has been closed. Nothing was randomised.
    .next = Ask the sponsor when it opens.
target-reached =
    .title = The trial has reached its number of participants
    .detail = No more participants are randomised. Nothing was randomised.
    .next = Tell the participant, and ask the trial office how to go on.
no-allocation-available =
    .title = No allocation is available now
    .detail = Nothing was randomised. The trial office has been told.
    .next = Wait for the trial office. Do not screen the participant again: the answers are kept.

## Problems: preparation and emergency

identifiers-do-not-match =
    .title = Code and person do not belong together
    .detail = Nothing was opened. The attempt was recorded.
    .next = Look at the code and at the second identifier again.
visit-not-due =
    .title = Today is outside the visit's window
    .detail = No infusion of this participant is due today. Nothing was released.
    .next = Say why it is to be prepared all the same, or go back.
already-prepared =
    .title = This infusion was already prepared
    .detail = A code was already released for this visit. Nothing was released now.
    .next = Look at the first preparation. If it cannot be used, say why, and prepare again.
    .more = It was prepared at { $at }.
handover-early =
    .title = It is too early to hand over
    .detail = Every infusion waits for the same time after its release, so that the wait tells nothing. Nothing was recorded.
    .next = Keep the infusion in the pharmacy, and hand it over later.
    .more = Hand over from { $at } on.
second-check-needed =
    .title = The second check is not signed
    .detail = It takes the account and the login password of another pharmacist of this centre. Nothing was recorded.
    .next = Let the colleague type both again, or say why there is no second check.
not-prepared =
    .title = Nothing was prepared for this visit
    .detail = No code was released for the preparation of this visit. Nothing was recorded.
    .next = Check the visit. If something was infused all the same, record a mistake and call the investigator.
treatment-ended =
    .title = The treatment of this participant has ended
    .detail = Nothing was released. Do not prepare.
    .next = Ask the coordinator of the centre if you expected an infusion.
    .more = This is about { $number }.

## Problems: list, keys and opening

list-already-imported =
    .title = This list is already there
    .detail = A trial has one list for each segment and purpose. Nothing was imported.
    .next = To extend the trial, make a list for the next segment.
list-not-reviewed =
    .title = The list's report is not approved yet
    .detail = A monitor must approve the machine-made report before the list may issue. Nothing was issued.
    .next = Ask the monitor to read and sign the report.
list-does-not-verify =
    .title = The list is not what its manifest says
    .detail = A signature, a count, a code or the commitment does not fit. Nothing was imported.
    .next = Have it sealed anew by the statistician. Do not change the file by hand.
was-unblinded =
    .title = This person cannot have a blinded role
    .detail = Somebody with this former account, or with this name, has been unblinded in this trial. Nobody was invited.
    .next = Choose a role that may know arms. If it is another person of the same name, say so and how you know.
key-not-passed =
    .title = The key of this code has not been passed on yet
    .detail = The participant moved to this centre. Until a key-holder of the whole trial passes the key of this one code on, it cannot be opened here. Nothing was released.
    .next = Call the hotline: they open "Pass on a key", which takes a minute.
rotation-does-not-fit =
    .title = The rotation does not fit
    .detail = It is of another list, centre or number, or gives the key to somebody who may not hold it. Nothing was taken in.
    .next = Make it again with klero key rotate, from a new export of the trail and the newest cards.
rotation-outdated =
    .title = The rotation is out of date
    .detail = A code was issued at this centre, or its key was rotated, after the file was made. Nothing was taken in.
    .next = Export the trail once more, and make the rotation again with klero key rotate.
signature-does-not-verify =
    .title = The signature does not fit
    .detail = It was made by another key, or over other bytes. Nothing was taken.
    .next = Sign again with the key that is registered here, or register the new one first.
wrong-state =
    .title = This cannot be done at this point
    .detail = The record has already gone another way, or a step before it is missing. Nothing was done.
    .next = Look at the record as it stands now.
decisions-open =
    .title = Some decisions are still open
    .detail = Recruitment opens only when every decision of the trial's configuration is answered. Nothing was opened.
    .next = Answer the open decisions: klero trial check names them.

## Problems: the service

internal =
    .title = The service has made a mistake
    .detail = It was stopped before it could say what became of the request. What was recorded is whole.
    .next = Send the request again with the same Idempotency-Key: it cannot happen twice. Tell the trial office the reference.
read-only =
    .title = Nothing can be recorded now
    .detail = The service can be read but not written. Nothing was done.
    .next = Wait and send it again with the same Idempotency-Key. In an emergency call the second holder, or use the offline kit.
trail-damaged =
    .title = The audit trail is damaged
    .detail = Nothing may be recorded or released until it is mended. Nothing was done.
    .next = Tell the administrator at once. In an emergency call the second holder, or use the offline kit.
checkpoint-store-away =
    .title = The checkpoint store cannot be reached
    .detail = What is recorded could not be vouched for, so nothing may be recorded or released.
    .next = Tell the administrator at once. In an emergency call the second holder, or use the offline kit.
clock-off =
    .title = The service's clock is wrong
    .detail = Acts would get the wrong time, so nothing may be recorded or released. Nothing was done.
    .next = Tell the administrator at once. In an emergency call the second holder, or use the offline kit.
starting =
    .title = The service is starting
    .detail = It is still checking its records. Nothing was done.
    .next = Wait as long as Retry-After says, then send it again.

## What can be wrong with one field

required = This is needed
unknown-field = There is a field here that the interface does not know
wrong-type = This is not of the expected type
doubled = This stands here twice
bad-json = This is not well-formed JSON
choice-unknown = Choose one of the answers that are offered
num-range = { $field } must be a number from { $min } to { $max }
number-form = Enter a number in digits, with a point before decimals
num-places = Enter at most this many decimals: { $max }
num-confirm = { $field } above { $max } is unusual. Look at it again, and confirm it if it is right
choice-none-and-others = Choose either none or one of the others
not-asked = This is asked only after another answer. Leave it out
text-too-long = Enter at most { $max } characters
text-empty = Enter at least one character
text-control = Write this in one line, with letters, digits and signs alone
date-form = Enter a date as year-month-day, such as 2026-11-21
moment-format = Enter day and time, such as 2026-11-21T08:30
date-too-old = The date must not be before { $min }
date-future = The date must not be in the future
date-order = { $later } must not be before { $earlier }
dob-young = Participants must be { $n } or older on the day of consent
enrol-format = Enter { $prefix }- and three digits
enrol-taken = This enrolment number is already in use
init-format = Enter 4 letters; fill a missing one with -
init-cjk = Enter letters, not the name or an identity number
code-check = The last digit does not fit. Look at the code again
code-training = This is a training code. It belongs to nobody
consent-form-unknown = This form version was not approved here on that day
reason-needed = Say why
names-treatment = Write it without naming a treatment
again-why = This is recorded already. Say why it is recorded again
identity-in-text = Leave out identity and telephone numbers
password-short = Use at least { $min } characters
password-common = This password is too common. Choose another
password-wrong = The password is not right. Nothing has been done
answer-open = Answer this, or save and come back later
answer-twice = Give the answer, or tick the box beside it, not both
account-form = Use small letters, digits and hyphens inside, at most 40 characters, such as c-rjs-2
table-form = This is not a table that can be read: as many cells in each row as in the first, in UTF-8 or GBK
table-long = At most { $max } people at once
account-taken = This account name is taken. A name is given once, for ever
past-unknown = Somebody of this name was unblinded. Invite this person alone, and say how you know that it is somebody else
factor-code = This is not what the phone shows now. Compare the clock of the phone, and type the next six digits
network-form = Write an address such as 10.20.0.7, or a network such as 10.20.0.0/16
bytes-form = This is not of the expected length or form

## What a signature means, by act

meaning =
    .screen = I entered these values; they agree with the source documents
    .sign-eligibility = I confirm that this participant is eligible and has given consent
    .send-back = I looked at this record; it needs what my note says before I can sign
    .randomise = I ask for the allocation of this participant, once
    .review-access = I reviewed who may do what; every right is needed
    .entrust = I ask for the allocation of this participant, once; the data system of the study may fetch it
    .record-preparation = I prepared this infusion as allocated
    .check = I checked product, lot, expiry and participant
    .break-code = The treatment must be known now for this participant's care; the reason is true
    .follow-up = This record is complete and true
    .correct = The corrected value is true; the allocation stays
    .record-visit = This record is complete and true
    .end-treatment = I decided this, or was told so by whoever decided it; it is true
    .resume-treatment = I decided that treatment goes on
    .transfer = The participant goes to the other centre; stratum and code stay
    .report-accident = This record is complete and true, and names no treatment
    .close-break = I have assessed this code break as principal investigator; the record is complete
    .plan-unblinding = This person must be told, for a safety report; nobody of the trial's team is
    .grant-key = I compared the fingerprint by voice with the person I know
    .decide-recruitment = I decide to open, pause or close
    .review-trail = I reviewed the trail to this entry
    .review-list = I reviewed this list report
    .disclose = I published this file of the list; recruitment is closed
    .void-code = This code became known before it was issued; it must never be issued

## The page that explains a problem

problem-page =
    .about = What happened
    .next = What to do next
    .code = Code
    .status = Status
