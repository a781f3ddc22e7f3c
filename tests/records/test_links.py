"""Where links lead is kept once, whoever writes it down first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlmodel import Session, func, select

from domain.keys import link_id
from records.link_models import Link
from records.links import find, keep, sent
from records.models import Contact, Message
from records.session import Database
from tests.records.works import NOON

KEPT = [
    (link_id(url, f"{url}?utm_source=x"), url, f"{url}?utm_source=x")
    for url in ("https://a.example/", "https://b.example/")
]


def count(session: Session) -> int:
    return session.exec(select(func.count()).select_from(Link)).one()


def test_a_link_is_kept_once_and_found(main: Database) -> None:
    for links in (KEPT[:1], KEPT, KEPT + KEPT, []):
        main.write_now(lambda session, links=links: keep(session, links, NOON))  # type: ignore[misc]

    assert main.read_now(count) == len(KEPT)
    found = main.read_now(lambda session: find(session, KEPT[1][0]))
    assert found is not None
    assert (found.id, found.url, found.address) == KEPT[1]
    assert main.read_now(lambda session: find(session, "0" * 20)) is None


def test_two_who_note_the_same_links_at_once_both_succeed(main: Database) -> None:
    other = Database(main.url)
    many = [(link_id(str(number)), f"https://a.example/{number}", "https://a.example/") for number in range(200)]
    with ThreadPoolExecutor(8) as people:
        for number in range(8):
            order = many[:: -1 if number % 2 else 1]
            database = (main, other)[number // 2 % 2]
            people.submit(database.write_now, lambda session, order=order: keep(session, order, NOON))
    other.close()

    assert main.read_now(count) == len(many)


def test_a_message_says_whose_it_is_and_when_it_left(main: Database) -> None:
    row = Message(id="m1", send_key="k", contact_id="c1", channel="email", template="a/b", bundle="b", class_="service",
                  message_id="<m>", state="accepted", handing_over_at=NOON, accepted_at=NOON + timedelta(1),
    )  # fmt: skip
    main.write_now(lambda session: session.add(Contact(id="c1", created_at=NOON, updated_at=NOON)))
    main.write_now(lambda session: session.add(row))

    found = main.read_now(lambda session: sent(session, "m1"))
    assert found is not None
    assert (found.contact, found.handed_at) == ("c1", NOON)
    assert main.read_now(lambda session: sent(session, "m2")) is None
