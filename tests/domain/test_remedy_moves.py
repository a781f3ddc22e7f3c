"""Remedies: what may be offered, who has to say yes, who may, and what is told of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.assignment import OPERATOR, Staff
from domain.follow_up import Notify, Tell
from domain.recovery import Case, Ground, Moved, Write
from domain.recovery_actions import Approved, CaseAction, Declined, Delivered, NotDelivered, Proposed, Withdrawn
from domain.recovery_doing import done, refused
from domain.recovery_moves import closed
from domain.recovery_ringing import rung
from domain.remedies import Given, Remedy, Spent
from domain.remedy_moves import settled, to_deliver
from domain.remedy_policy import Severity
from domain.remedy_rules import deputy_of
from domain.teams import Absence
from tests.domain.remedies import MONDAY, PEOPLE, case, euros, ground, policy, staff

HOUR = timedelta(hours=1)


def do(case: Case, action: CaseAction, on: Ground | None = None, key: str = "k1") -> Moved:
    on = on or ground()
    assert refused(case, action, on) is None
    return done(case, action, on, key)


def offered(kind: str = "voucher", amount: float = 0, by: str = "ada") -> Proposed:
    return Proposed(by=by, kind=kind, amount=euros(amount))


def asked(amount: float = 200, by: str = "ada", on: Ground | None = None) -> Case:
    return do(case(), offered("voucher", amount, by), on).state


def only(case: Case) -> Remedy:
    [remedy] = case.remedies
    return remedy


def yes(case: Case, by: str) -> Approved:
    return Approved(by=by, remedy=only(case).id)


def deeds(moved: Moved, kind: type) -> list[Any]:
    return [each for each in moved.deeds if isinstance(each, kind)]


def given(amount: float, days_ago: int, case: str = "other") -> Given:
    return Given(
        id=f"{case}-{days_ago}", case=case, kind="gift", amount=euros(amount), at=MONDAY - timedelta(days=days_ago)
    )


def away(who: str, deputy: str | None = None) -> Staff:
    return replace(staff(), absences={who: (Absence(MONDAY - HOUR, None, deputy),)})


def test_what_an_agent_may_give_is_granted_at_once_and_waits_for_its_delivery() -> None:
    moved = do(case(), offered("voucher", 50))

    remedy = only(moved.state)
    assert (remedy.state, remedy.level, remedy.decided_by, remedy.decided_at) == ("approved", "agent", None, MONDAY)
    assert to_deliver(moved.state) == (remedy,)
    assert [each.what for each in deeds(moved, Tell)] == ["case_remedy_proposed", "case_remedy_approved"]
    assert deeds(moved, Write) == [], "the customer is told once they have it"


@pytest.mark.parametrize(
    ("amount", "level", "who"),
    [(51, "lead", "lea"), (250, "lead", "lea"), (251, "manager", "max"), (1001, "head", "hal")],
)
def test_above_it_somebody_whose_limit_it_is_within_is_asked(amount: float, level: str, who: str) -> None:
    moved = do(case(), offered("voucher", amount))

    remedy = only(moved.state)
    assert (remedy.state, remedy.level, remedy.approver, remedy.asked) == ("asked", level, who, (who,))
    [note] = deeds(moved, Notify)
    assert (note.to, note.about, note.data["amount"]) == ((who,), "approval", f"{amount}.00")
    assert to_deliver(moved.state) == ()


def test_the_rule_is_shown_in_words() -> None:
    on = ground(spent=Spent(given=(given(40, 200),)), policy=policy(caps=[{"most": 200, "in": "12 months"}]))

    remedy = only(do(case("S2", "gold"), offered("voucher", 100), on).state)

    assert remedy.rule == "band S2 gold: up to 300 EUR; lead grants up to 250 EUR; 40 of 200 EUR in 12 months used"


def test_a_second_goodwill_within_ninety_days_goes_one_level_up() -> None:
    for days, level in ((89, "lead"), (91, "agent")):
        moved = do(case(), offered("voucher", 50), ground(spent=Spent(given=(given(20, days),))))
        assert only(moved.state).level == level


def test_an_apology_is_given_at_once_and_needs_no_yes_however_often() -> None:
    moved = do(case("S4"), offered("apology"), ground(spent=Spent(given=(given(500, 3),))))

    assert only(moved.state).state == "delivered"
    assert [each.letter for each in deeds(moved, Write)] == ["offer"]


@pytest.mark.parametrize(
    ("severity", "action", "said"),
    [
        ("S1", offered("vouchr", 5), "'vouchr' is no remedy of policies/recovery.yaml; did you mean 'voucher'?"),
        ("S4", offered("voucher", 5), "may not be offered for S4; policies/recovery.yaml offers apology"),
        ("S3", offered("voucher", 101), "a remedy is worth up to 100 EUR; propose at most that, or redo or apology"),
        ("S3", offered("voucher"), "is worth something; say how much, up to 100 EUR"),
        ("S3", offered("redo", 5), "is no money; leave the amount out"),
    ],
)
def test_what_the_policy_does_not_offer_is_refused_with_the_way_out(
    severity: Severity, action: Proposed, said: str
) -> None:
    assert said in (refused(case(severity), action, ground()) or "")


def test_a_severity_without_a_band_gets_nothing() -> None:
    on = ground(policy=policy(bands=[{"severity": ["S1"], "offer": ["apology"]}]))

    assert "no band for S3" in (refused(case("S3"), offered("apology"), on) or "")


def test_caps_count_what_the_customer_had_in_all_cases() -> None:
    spent = Spent(given=(given(150, 300), given(30, 10)))
    on = ground(spent=spent, policy=policy(caps=[{"most": 200, "in": "12 months"}]))

    assert refused(case("S3"), offered("voucher", 20), on) is None
    said = refused(case("S3"), offered("voucher", 21), on) or ""
    assert said == "the customer had 180 EUR of 200 EUR in 12 months; propose at most 20 EUR, or redo or apology"
    later = replace(on, now=MONDAY + timedelta(days=70))
    assert refused(case("S3"), offered("voucher", 100), later) is None, "the first is longer ago than a year"


def test_a_cap_of_times_counts_money_only() -> None:
    on = ground(spent=Spent(given=tuple(given(10, days) for days in (1, 2, 3, 4))))

    assert "had 4 of 4 remedies in 90 days, or redo or apology" in (refused(case("S3"), offered("gift", 10), on) or "")
    assert refused(case("S3"), offered("redo"), on) is None


def test_a_second_of_the_same_kind_waits_for_the_first() -> None:
    assert "waits for a yes; decide or withdraw it first" in (refused(asked(), offered("voucher", 1), ground()) or "")


def test_asked_twice_under_one_key_it_is_proposed_once() -> None:
    first = do(case(), offered("voucher", 200)).state

    assert done(first, offered("voucher", 200), ground(), "k1") == Moved(first)


def test_keys_that_begin_alike_are_two_remedies() -> None:
    key = "x" * 40
    one = do(case(), offered("voucher", 10), key=f"{key}1").state

    assert len(do(one, offered("gift", 10), key=f"{key}2").state.remedies) == 2


def test_nobody_decides_what_they_proposed_themselves() -> None:
    waiting = asked(200, by="lea")

    assert only(waiting).approver == "max"
    assert "lea proposed this remedy, and somebody else has to decide it: max (manager)" in (
        refused(waiting, yes(waiting, "lea"), ground()) or ""
    )


def test_two_names_of_one_address_are_one_person() -> None:
    on = ground(staff=staff({"ada2": {"name": "Ada", "email": "Ada <ADA@acme.example>"}}, lead="ada2"))

    waiting = asked(200, on=on)

    assert only(waiting).asked == ("max",)
    assert refused(waiting, yes(waiting, "ada2"), on) is not None


def test_whoever_is_below_the_level_cannot_grant_and_whoever_is_above_can() -> None:
    waiting = asked(500)

    for who in ("bob", "lea"):
        assert f"{who} may not decide about 500 EUR (voucher); max (manager) or hal (head) may" in (
            refused(waiting, yes(waiting, who), ground()) or ""
        )
    for who in ("max", "hal"):
        granted = do(waiting, yes(waiting, who)).state
        assert (only(granted).state, only(granted).decided_by) == ("approved", who)


@pytest.mark.parametrize("who", [OPERATOR, "care"])
def test_who_has_no_name_may_propose_and_never_grant(who: str) -> None:
    waiting = asked(200, by=who)

    assert only(waiting).approver == "lea"
    assert refused(asked(200), yes(asked(200), who), ground()) is not None


def test_where_nobody_is_left_above_it_is_refused_with_what_to_do() -> None:
    said = refused(case(), offered("voucher", 2000, by="hal"), ground())

    assert said == (
        "nobody of team care beside hal may grant 2000 EUR: name a head in policies/teams.yaml, have somebody else "
        "propose it, or propose at most 50 EUR"
    )
    assert only(asked(200, by="hal")).approver == "lea", "four eyes are enough"


def test_a_level_that_nobody_has_is_that_of_the_next_above() -> None:
    on = ground(staff=staff(lead=None))

    assert only(asked(200, on=on)).approver == "max"


def test_whoever_stands_in_is_asked_while_they_are_away_and_may_grant() -> None:
    on = ground(staff=away("lea", "bob"))
    waiting = asked(200, on=on)

    assert only(waiting).approver == "bob"
    assert refused(waiting, yes(waiting, "bob"), on) is None
    assert refused(waiting, yes(waiting, "bob"), ground()) is not None, "she is back, and was never silent"
    assert only(asked(200, on=ground(staff=away("lea")))).approver == "max", "nobody stands in for her"


def test_the_deputy_of_whoever_proposed_does_not_grant_it() -> None:
    on = ground(staff=away("lea", "bob"))
    waiting = asked(200, by="lea", on=on)

    assert only(waiting).approver == "max"
    assert refused(waiting, yes(waiting, "bob"), on) is not None


def silent(waiting: Case, on: Ground, business_hours: int) -> Case:
    return rung(waiting, replace(on, now=on.now + timedelta(hours=business_hours))).state


def test_who_says_nothing_for_four_business_hours_has_a_deputy_then_it_goes_up_and_the_head_is_reminded() -> None:
    on = ground(staff=staff({"lea": {"name": "Lea", "email": "lea@acme.example", "deputy": "bob"}}))
    waiting = asked(200, on=on)
    assert refused(waiting, yes(waiting, "bob"), on) is not None, "she has time to answer"

    waiting = silent(waiting, on, 4)
    assert only(waiting).asked == ("lea", "bob")
    later = replace(on, now=on.now + timedelta(hours=4))
    for who in ("lea", "bob"):
        assert refused(waiting, yes(waiting, who), later) is None

    for days in range(1, 30):
        waiting = rung(waiting, replace(on, now=MONDAY + timedelta(days=days))).state
    assert only(waiting).asked == ("lea", "bob", "max", "hal", *["hal"] * 5), "reminded, and never granted by silence"
    assert only(waiting).state == "asked"


def test_a_yes_is_judged_by_what_holds_when_it_is_said() -> None:
    waiting = asked(200)

    milder = waiting.model_copy(update={"severity": "S3"})
    assert "that has changed: for S3 a remedy is worth up to 100 EUR" in (
        refused(milder, yes(waiting, "lea"), ground()) or ""
    )
    capped = ground(policy=policy(caps=[{"most": 100, "in": "12 months"}]))
    assert "that has changed: the customer had 0 EUR of 100 EUR" in (
        refused(waiting, yes(waiting, "lea"), capped) or ""
    )
    lower = ground(policy=policy(approval={"agent": 10, "lead": 20, "manager": 1000}))
    assert "lea may not decide about 200 EUR (voucher) any more; max" in (
        refused(waiting, yes(waiting, "lea"), lower) or ""
    )
    assert refused(waiting, yes(waiting, "max"), lower) is None


def test_it_is_decided_once() -> None:
    granted = do(asked(200), yes(asked(200), "lea")).state

    assert "does not wait for a yes: it was approved" in (refused(granted, yes(granted, "max"), ground()) or "")


def test_a_no_needs_its_reason_tells_whoever_proposed_it_and_the_customer_reads_the_alternative_alone() -> None:
    waiting = asked(200)
    id = only(waiting).id
    assert refused(waiting, Declined(by="lea", remedy=id, note=" "), ground()) is not None

    moved = do(waiting, Declined(by="lea", remedy=id, note="not our fault", alternative="We repair it for free"))

    remedy = only(moved.state)
    assert (remedy.state, remedy.why, remedy.alternative) == ("refused", "not our fault", "We repair it for free")
    [note] = deeds(moved, Notify)
    assert (note.to, note.about, note.data["why"]) == (("ada",), "remedy_refused", "not our fault")
    [letter] = deeds(moved, Write)
    assert (letter.letter, letter.data["alternative"]) == ("refusal", "We repair it for free")
    assert "not our fault" not in str(letter)
    assert deeds(do(waiting, Declined(by="lea", remedy=id, note="no")), Write) == []


def test_whoever_proposed_it_or_has_the_case_takes_it_back() -> None:
    waiting = asked(200)
    id = only(waiting).id

    assert "they, or whoever has case 7, can withdraw it" in (
        refused(waiting, Withdrawn(by="bob", remedy=id), ground()) or ""
    )
    assert only(do(waiting, Withdrawn(by="ada", remedy=id)).state).state == "withdrawn"


def test_a_case_that_closes_takes_back_what_waits_and_delivers_what_was_granted() -> None:
    both = do(do(case(), offered("voucher", 20)).state, offered("gift", 20), key="k2").state

    moved = closed(both, "no_answer", "rapport", MONDAY)

    assert [each.state for each in moved.state.remedies] == ["approved", "withdrawn"]
    assert [each.kind for each in to_deliver(moved.state)] == ["voucher"]


def test_what_a_person_does_waits_until_somebody_says_that_it_is_done() -> None:
    granted = do(case(), offered("gift", 20)).state
    id = only(granted).id
    assert to_deliver(granted) == ()

    moved = do(granted, Delivered(by="ada", remedy=id))
    assert (only(moved.state).state, [each.letter for each in deeds(moved, Write)]) == ("delivered", ["offer"])
    failed = do(granted, NotDelivered(by="ada", remedy=id, note="sold out"))
    assert (only(failed.state).state, only(failed.state).why, deeds(failed, Write)) == ("failed", "sold out", [])
    assert [each.about for each in deeds(failed, Notify)] == ["remedy_failed"]
    over = closed(granted, "done", "ada", MONDAY, letter=None).state
    assert refused(over, Delivered(by="ada", remedy=id), ground()) is None


def test_nobody_says_by_hand_that_a_code_was_delivered() -> None:
    granted = do(case(), offered("voucher", 20)).state

    assert "is delivered by itself" in (refused(granted, Delivered(by="ada", remedy=only(granted).id), ground()) or "")


def test_what_could_not_be_delivered_a_person_is_told_and_the_customer_is_not() -> None:
    granted = do(case(), offered("voucher", 20)).state
    id = only(granted).id

    moved = settled(granted, id, False, "the shop said no", MONDAY)

    assert (only(moved.state).state, deeds(moved, Write)) == ("failed", [])
    [note] = deeds(moved, Notify)
    assert (note.to, note.about, note.data["why"]) == (("ada",), "remedy_failed", "the shop said no")
    assert settled(moved.state, id, True, "", MONDAY) == Moved(moved.state), "settled once"


def test_what_failed_counts_no_more() -> None:
    granted = do(case(), offered("voucher", 20)).state
    failed = settled(granted, only(granted).id, False, "no", MONDAY).state

    again = done(failed, offered("voucher", 50), ground(), "k2").state
    assert again.remedies[-1].level == "agent"


def test_offers_of_unknown_kinds_are_no_policy() -> None:
    with pytest.raises(ValueError, match="offers 'cake'"):
        policy(bands=[{"offer": ["cake"]}])
    with pytest.raises(ValueError, match="write its `endpoint`"):
        policy(types={"refund": {"label": "money", "by": "webhook"}})
    with pytest.raises(ValueError, match="is money; leave `counts` out"):
        policy(types={"points": {"label": "points", "by": "points", "counts": False}})


def test_a_deputys_deputy_says_no_yes_for_somebody_above_both() -> None:
    deputies: dict[str, object] = {"lea": PEOPLE["lea"] | {"deputy": "bob"}, "max": PEOPLE["max"] | {"deputy": "lea"}}
    away = (Absence(MONDAY - HOUR, None),)
    nobody_there = replace(staff(deputies), absences={"lea": away, "max": away})

    assert deputy_of(nobody_there, "lea", MONDAY) == "bob"
    assert deputy_of(nobody_there, "max", MONDAY) is None
