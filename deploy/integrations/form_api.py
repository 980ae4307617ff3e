#!/usr/bin/env python3
"""The form API that OpenClinica 3 and LibreClinica call to randomise, in front of a Klero service.

They send, with HTTP Basic authentication and form bodies:

    GET  /api/randomisation?identifier=OID      wanted: {"code": "..."}; anything without a code means "not yet"
    POST /api/sites       siteIdentifier, name, timezone
    POST /api/randomise   identifier, siteIdentifier, user, question1 ... questionN     wanted: {"code": "..."}

This program hands out the code of a participant who is randomised in Klero, always the same one. It never allocates: a
code is asked for once, in Klero, by a person who signs, from components that Klero judged. Factors come by position; the
configuration says which recorded answer each must equal, and what does not fit is refused with 422. The session it uses is
a coordinator's: it reads, and has no password to sign with. Python's standard library alone; on loopback, or behind TLS.

    python3 form_api.py form_api.toml
"""

import base64
import hmac
import json
import re
import sys
import tomllib
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_MAX = 16 * 1024


class Refused(Exception):
    """A status, and words for whoever reads the EDC's log: they repeat nothing that was sent."""

    def __init__(self, status, words):
        super().__init__(words)
        self.status, self.words = status, words


class Klero:
    """The service, as a coordinator's session sees it."""

    def __init__(self, settings):
        self.base, self.session_file = settings["klero"].rstrip("/"), settings["session_file"]

    def ask(self, path, body=None):
        with open(self.session_file, encoding="utf-8") as file:
            session = file.read().strip()
        asked = urllib.request.Request(self.base + path)
        asked.add_header("Authorization", f"Bearer {session}")
        if body is not None:
            asked.data = json.dumps(body).encode()
            asked.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(asked, timeout=9) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise Refused(503, f"Klero answered {error.code}") from None
        except (urllib.error.URLError, TimeoutError):
            raise Refused(503, "Klero does not answer") from None

    def participant(self, number):
        found = self.ask("/v1/participants/search", {"number": number})
        return found and self.ask(f"/v1/participants/{found['reference']}")

    def code(self, participant):
        made = self.ask(f"/v1/participants/{participant['reference']}/allocation")
        return made and made["code"]


class Bridge:
    """What the three calls mean."""

    def __init__(self, settings):
        self.klero, self.settings = Klero(settings), settings
        with open(settings["password_file"], encoding="utf-8") as file:
            credentials = f"{settings['username']}:{file.read().strip()}"
        self.basic = "Basic " + base64.b64encode(credentials.encode()).decode()
        self.pattern = re.compile(settings["identifier"]["pattern"])

    def known(self, header):
        return hmac.compare_digest((header or "").encode(), self.basic.encode())

    def participant(self, identifier):
        matched = self.pattern.fullmatch(identifier)
        if not matched:
            raise Refused(422, "identifier: not of the form that is configured")
        return self.klero.participant(matched.expand(self.settings["identifier"]["number"]))

    def randomisation(self, asked):
        participant = self.participant(asked.get("identifier", ""))
        code = participant and self.klero.code(participant)
        if not code:
            raise Refused(404, "not randomised")
        return {"code": code}

    def site(self, sent):
        if sent.get("siteIdentifier") not in self.settings["sites"]:
            raise Refused(422, "siteIdentifier: no centre is configured for it")
        return {}

    def randomise(self, sent):
        self.site(sent)
        questions = self.settings.get("questions", [])
        expected = {f"question{at}" for at in range(1, len(questions) + 1)}
        if set(sent) != expected | {"identifier", "siteIdentifier", "user"}:
            raise Refused(422, f"{len(questions)} factors are configured, and others were sent")
        participant = self.participant(sent["identifier"])
        if not participant:
            raise Refused(422, "identifier: nobody was screened under it")
        if participant["centre"] != self.settings["sites"][sent["siteIdentifier"]]:
            raise Refused(422, "siteIdentifier: the participant is at another centre")
        for at, question in enumerate(questions, 1):
            value = sent[f"question{at}"]
            value = question.get("values", {}).get(value, value)
            if participant["answers"].get(question["field"]) != value:
                raise Refused(422, f"question{at}: another answer than the one recorded in Klero")
        code = self.klero.code(participant)
        if not code:
            raise Refused(409, "not randomised yet: the coordinator asks for the code in Klero, and signs")
        return {"code": code}


class Handler(BaseHTTPRequestHandler):
    """Three addresses, and no log: an address holds an identifier."""

    bridge = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        path, _, query = self.path.partition("?")
        self.answer({"/api/randomisation": self.bridge.randomisation}.get(path), query)

    def do_POST(self):
        acts = {"/api/sites": self.bridge.site, "/api/randomise": self.bridge.randomise}
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, BODY_MAX)).decode("utf-8", "replace")
        self.answer(acts.get(self.path) if length <= BODY_MAX else None, body)

    def answer(self, act, form):
        try:
            if not self.bridge.known(self.headers.get("Authorization")):
                raise Refused(401, "name or password is not right")
            if act is None:
                raise Refused(404, "no such address")
            pairs = urllib.parse.parse_qsl(form, keep_blank_values=True)
            if len(dict(pairs)) != len(pairs):
                raise Refused(422, "a field was sent twice")
            status, said = 200, act(dict(pairs))
        except Refused as refused:
            status, said = refused.status, {"error": refused.words}
        body = json.dumps(said).encode()
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="klero"')
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(file):
    with open(file, "rb") as settings:
        settings = tomllib.load(settings)
    Handler.bridge = Bridge(settings)
    host, port = settings["listen"].rsplit(":", 1)
    server = ThreadingHTTPServer((host, int(port)), Handler)
    print(f"listening on {server.server_address[0]}:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
