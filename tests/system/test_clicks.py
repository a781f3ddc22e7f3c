"""A link of a message that was really sent: a person who follows it is moved on, a scanner that does is not."""

import http.client
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from urllib.parse import urlsplit

import pytest
from sqlmodel import Session, col, select

from domain.readers import TOO_SOON
from records.models import Contact, Interaction
from tests.system.audit import audit
from tests.system.authored import FORM, LETTER, sequence
from tests.system.company import Company
from tests.system.letters import Letter
from tests.system.waiting import until

pytestmark = pytest.mark.system

Address = Callable[[str], str]

FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Accept-Language": "de"}
PAGES = ["https://www.acme.example/one?a=1&b=2", "https://www.acme.example/two", "https://www.acme.example/three"]
LINKS = "".join(f'<a href="{page.replace("&", "&amp;")}">page</a> ' for page in PAGES)
STEPS = """
- send: letters/linked
- wait_for: clicked
  of: linked
  up_to: 30 days
  then: [{send: letters/second}]
"""


@pytest.fixture(scope="module", autouse=True)
def clicking(company: Company) -> None:
    letter = LETTER.format(class_="marketing", subject="Three links").replace("<p>Hello", f"<p>{LINKS}</p><p>Hello")
    said = company.edit_all(
        {
            "templates/email/letters/linked.html": letter,
            "policies/forms/clicking.yaml": FORM,
            "sequences/clicking.yaml": sequence("clicking", STEPS),
        }
    )
    assert all(line.startswith("published") for line in said), said
    until(lambda: company.post_signed("clicking", b"{}").status != 404, "the form")


def follow(link: str, headers: Mapping[str, str]) -> tuple[int, str | None]:
    """Open a link as a program with these headers does; return the answer's status and where it leads."""
    parts = urlsplit(link)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        connection.request("GET", parts.path, headers=dict(headers))
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers["Location"]
    finally:
        connection.close()


def links_of(letter: Letter) -> list[str]:
    """Return the links that lead over us, as the text part of a letter shows them."""
    part = message_from_bytes(letter.raw, policy=default).get_body(("plain",))
    assert part is not None
    return re.findall(r"http://[^\s()]+/l/[\w-]{48}", part.get_content())


def told(company: Company, email: str) -> list[tuple[str, str]]:
    """Return the clicks of a contact, in order: where to, and who did it."""

    def read(session: Session) -> list[tuple[str, str]]:
        rows = select(Interaction).join(Contact, col(Contact.id) == col(Interaction.contact_id))
        clicks = rows.where(Contact.email == email, Interaction.name == "clicked").order_by(col(Interaction.id))
        return [(each.data["url"], each.data["by"]) for each in session.exec(clicks)]

    return company.main.read_now(read)


def _has_lain(company: Company, email: str) -> bool:
    row = company.message(email, "linked")
    return row is not None and row.handing_over_at is not None and datetime.now(UTC) - row.handing_over_at > TOO_SOON


def test_a_person_s_click_moves_on_and_a_scanner_s_clicks_do_not(company: Company, address: Address) -> None:
    ann = address("ann")
    assert company.submit("clicking", ann).status == 202
    letter = until(lambda: next(iter(company.letters_to(ann)), None), "the letter with links")
    links = links_of(letter)
    assert len(set(links)) == len(PAGES)

    assert [follow(link, {"User-Agent": "python-requests/2.32"}) for link in links[:1]] == [(302, PAGES[0])]
    until(lambda: told(company, ann) == [(PAGES[0], "machine")], "what says that it is a program")

    until(lambda: _has_lain(company, ann), "a message that a person can have read")
    with ThreadPoolExecutor(len(links)) as gateway:  # it looks like a browser
        assert [leads_to for _, leads_to in gateway.map(lambda link: follow(link, FIREFOX), links)] == PAGES
    until(lambda: len(told(company, ann)) == 4, "all its clicks")
    assert [by for _, by in told(company, ann)] == ["machine"] * 4, "the gateway's first click, too"
    assert [each.did for each in company.decisions(ann, "wait-2")] == []
    assert company.enrolment(ann).ended_at is None

    assert follow(links[1], FIREFOX) == (302, PAGES[1])
    until(lambda: len(told(company, ann)) > 4, "the person")
    assert told(company, ann)[4:] == [(PAGES[1], "human")]
    until(lambda: len(company.letters_to(ann)) == 2, "the letter behind the wait")
    assert company.ended(ann).end_reason == "completed"
    audit(company)
