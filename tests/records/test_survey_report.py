"""The figures of surveys: what the database counts is what one counts by hand."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from domain.statistics import Share
from domain.survey_tallies import FEWEST_ANSWERS
from records.contacts import find_or_make
from records.models import Interaction, Message
from records.published import Published, publish
from records.reports.follow_up_figures import Span
from records.reports.surveys import SurveyFigures, report_on_surveys
from records.session import Database
from starter.survey_report import figure

MAY = datetime(2026, 5, 31, 22, 30, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = {"policies/messaging.yaml": "organisation: {name: Acme, time_zone: Europe/Berlin}\n"}
PUBLISHED = Published()


def ask(session: Session, number: int, survey: str, at: datetime, *scores: int, state: str = "accepted") -> None:
    """Ask somebody; they answer with these scores, one after the other."""
    contact = find_or_make(session, {"email": f"c{number}@acme.example"}, "test", MAY)
    message = Message(
        id=f"m{number}-{survey}", send_key=f"{number}/{survey}/1", contact_id=contact.id, sequence="asks", step="s",
        channel="email", template="t/t", bundle="b", class_="service", survey=survey, message_id=f"<{number}@x>",
        state=state, handing_over_at=at,
    )  # fmt: skip
    session.add(message)
    for times, score in enumerate(scores, start=1):
        told(session, number, f"survey/{message.id}/{times}", survey, at + times * DAY, score)


def told(session: Session, number: int, key: str, survey: str, at: datetime, score: object) -> None:
    contact = find_or_make(session, {"email": f"c{number}@acme.example"}, "test", MAY)
    data = {"survey": survey, "score": score}
    session.add(
        Interaction(contact_id=contact.id, key=key, name="survey_answered", at=at, data=data, department="service")
    )


def report(main: Database, until: datetime | None = None) -> SurveyFigures:
    return main.read_now(lambda session: report_on_surveys(session, PUBLISHED, Span(MAY - DAY, until)))


def test_the_last_answer_of_each_counts_and_nps_is_promoters_less_detractors(main: Database) -> None:
    def write(session: Session) -> None:
        publish(session, POLICY, {}, MAY)
        for number, scores in enumerate([(3, 10), (9,), (9,), (9,), (8,), (7,), (7,), (9, 6), (3,), (0,), (), ()]):
            ask(session, number, "nps", MAY, *scores)
        ask(session, 90, "nps", MAY, state="refused")
        ask(session, 91, "nps", MAY - 2 * DAY, 10)

    main.write_now(write)
    one = report(main).surveys["nps"]

    assert (one.every.asked, one.every.answered, one.every.rate) == (12, 10, Share(10, 12))
    assert (one.every.nps, one.every.content, one.every.average) == (10.0, Share(4, 10), None)
    assert figure(one.every) == "NPS +10 (of 10)"
    assert list(one.months) == ["2026-06"], "months are the organisation's"
    assert list(one.sequences) == ["asks"]


def test_of_a_few_answers_there_is_no_figure(main: Database) -> None:
    def write(session: Session) -> None:
        publish(session, POLICY, {}, MAY)
        for number in range(FEWEST_ANSWERS - 1):
            ask(session, number, "csat", MAY, 5)

    main.write_now(write)
    before = report(main).surveys["csat"].every
    main.write_now(lambda session: ask(session, 50, "csat", MAY, 4))
    after = report(main).surveys["csat"].every

    assert (before.average, before.as_json()["content"], figure(before)) == (None, None, "fewer than 10 answers")
    assert (after.average, figure(after)) == (4.9, "4.9 of 5 (of 10)")
    assert after.as_json()["scores"] == {"1": 0, "2": 0, "3": 0, "4": 1, "5": 9}


def test_what_other_systems_told_is_counted_beside_and_what_is_no_score_is_not(main: Database) -> None:
    def write(session: Session) -> None:
        publish(session, POLICY, {}, MAY)
        for number, score in enumerate(["4", 5, 9, "x", None, True]):
            told(session, number, f"shop/{number}", "csat", MAY, score)
        told(session, 70, "shop/70", "nobody-knows", MAY, 3)
        told(session, 71, "shop/71", "csat", MAY + 9 * DAY, 1)

    main.write_now(write)
    found = report(main, until=MAY + DAY)

    assert list(found.surveys) == ["csat"]
    every = found.surveys["csat"].every
    assert (every.asked, every.told, every.count, every.rate) == (0, 2, 2, None)
    assert found.as_json()["surveys"]["csat"]["months"]["2026-06"]["answers"] == 2
