"""The client that openapi-python-client made of `deploy/openapi.json` (its folder is named `klero_client`, on the path):
signs in, screens, has eligibility signed, randomises, asks again, and reads the trail."""

import secrets
import sys

from klero_client import AuthenticatedClient, Client
from klero_client.api.participants import (
    get_v1_participants_reference as detail,
    post_v1_participants as screen,
    post_v1_participants_reference_allocation as randomise,
    post_v1_participants_reference_eligibility as sign,
    post_v1_participants_search as search,
)
from klero_client.api.sessions import post_v1_sessions as sign_in
from klero_client.api.trail import get_v1_trail as trail
from klero_client.models import (
    EligibilityBody,
    RandomiseBody,
    ScreeningBody,
    SearchBody,
    SignatureBody,
    SignIn,
)

import told

MEANINGS = {
    "screen": "I entered these values; they agree with the source documents",
    "sign-eligibility": "I confirm that this participant is eligible and has given consent",
    "randomise": "I ask for the allocation of this participant, once",
}


def main(base, people):
    def session(who):
        made = sign_in.sync_detailed(
            client=Client(base_url=base), body=SignIn(name=who, password=people[who]["password"])
        )
        assert made.status_code == 201, made
        return AuthenticatedClient(base_url=base, token=made.parsed.token)

    def signature(who, act):
        return SignatureBody(password=people[who]["password"], meaning=MEANINGS[act])

    coordinator, investigator, monitor = session("c-rjs"), session("i-rjs"), session("mon-1")
    key = lambda: secrets.token_hex(16)
    # Somebody who is there already has answers that fit: a new number makes another invented participant of them.
    known = search.sync(client=coordinator, body=SearchBody(number="RJS-001"))
    read = detail.sync(known.reference, client=coordinator).to_dict()
    answers = {**read["answers"], "enrolment_number": "RJS-051"}
    body = ScreeningBody.from_dict({"centre": "renji-south", "answers": answers})
    made = screen.sync_detailed(client=coordinator, body=body, idempotency_key=key())
    assert made.status_code == 201, made.content
    reference = made.parsed.reference
    # One more, who is only screened.
    body = ScreeningBody.from_dict(
        {"centre": "renji-south", "answers": {**answers, "enrolment_number": "RJS-052"}}
    )
    waiting = screen.sync_detailed(client=coordinator, body=body, idempotency_key=key())
    assert waiting.status_code == 201, waiting.content
    version = detail.sync(reference, client=investigator).version
    eligible = EligibilityBody(
        version=version,
        another_person="the demonstration's people share invented particulars",
        signature=signature("i-rjs", "sign-eligibility"),
    )
    signed = sign.sync_detailed(
        reference, client=investigator, body=eligible, idempotency_key=key()
    )
    assert signed.status_code == 200, signed.content
    once = key()
    ask = RandomiseBody(signature=signature("c-rjs", "randomise"))
    first = randomise.sync_detailed(reference, client=coordinator, body=ask, idempotency_key=once)
    assert first.status_code == 201, first.content
    again = randomise.sync_detailed(reference, client=coordinator, body=ask, idempotency_key=once)
    assert again.status_code == 200 and again.parsed.code == first.parsed.code, again.content
    lines = trail.sync(client=monitor, from_=0).lines
    assert any('"act":"randomised"' in line for line in lines)
    print("the generated client screened, signed, randomised and read")


if __name__ == "__main__":
    main(*told.read(sys.argv[1]))
