"""`case show`: the whole story of one case on one page, every instant on the team's clock."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import RenderableType
from sqlmodel import Session

from domain.follow_up_moves import BY_ITSELF
from domain.promise_words import promise_named
from records.case_stories import CaseStory, case_story
from starter.case_story import case_name, case_story_as_json
from starter.case_words import lasting, letter_named, of_cases, said_of_case
from starter.cli_result import ProblemsFound, Result
from starter.cli_store import opened_store
from starter.cli_tables import Listing
from starter.task_words import TASK, said_of_task
from starter.telling import happened

MOST_RINGS = 8

Shown = Callable[[datetime], str]


def show_case(case: str) -> Result:
    """Show the whole story of one case."""
    now = datetime.now(UTC)
    with opened_store() as store:

        def read(session: Session) -> tuple[CaseStory, dict[str, Any]]:
            found = case_story(session, store.published.policies(session), case, now)
            if found is None:
                raise ProblemsFound([f"case: there is no {case}; see `rapport case list`"])
            return found, case_story_as_json(found, now)

        found, document = store.read(read)
    return Result(document, list(case_page(found, document)))


def case_page(story: CaseStory, document: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield the story, part by part; what there is nothing of is left out."""
    shown = story.view.staff.shown
    yield from _head(document, shown)
    parts = (
        ("promises", _promises(document, shown), document["promises"]),
        (f"pauses, {document['paused_share']:.0%} of its time", _pauses(document, shown), document["pauses"]),
        ("letters to the customer", _letters(document, shown), document["letters"]),
        ("remedies", _remedies(document, shown), document["remedies"]),
        ("what happened", _timeline(story, document), document["timeline"]),
        ("what comes next by itself", _rings(document, shown), document["rings"]),
    )
    for title, table, rows in parts:
        if rows:
            yield from ("", title)
            yield table


def _head(document: Mapping[str, Any], shown: Shown) -> Iterator[str]:
    yield case_name(document)
    before = [each["severity"] for each in document["severities"][:-1]]
    was = f" (was {', '.join(before)})" if before else ""
    yield f"severity {document['severity'] or 'unknown'}{was}, {_stage(document, shown)}"
    yield f"of {document['contact']}, incident {document['incident']}; {_whose(document, shown)}"
    opened = f"opened {shown(document['opened_at'])}"
    opened += f" by {document['source']}" if document["source"] else ""
    opened += f", opened {document['rounds']} times" if document["rounds"] > 1 else ""
    yield opened + (f", told of {document['joined']} more times" if document["joined"] else "")
    yield f"cause: {document['cause'] or 'not known yet'}"
    if document["customer_hears_by"] is not None:
        yield f"the customer hears from us by {shown(document['customer_hears_by'])}"
    if document["score"] is not None:
        yield f"the customer is satisfied {document['score']} of 5"
    if document["number"] is None:
        yield "another system answers for it: there are no promises here"


def _stage(document: Mapping[str, Any], shown: Shown) -> str:
    said = str(document["stage"])
    if document["waiting_since"] is not None:
        said += f" for the customer since {shown(document['waiting_since'])}"
    if document["closed_at"] is not None:
        outcome = f" with '{document['outcome']}'" if document["outcome"] else ""
        said += f" {shown(document['closed_at'])}{outcome}"
    elif document["resolved_at"] is not None:
        said += f" {shown(document['resolved_at'])}"
    if document["released_at"] is not None:
        return f"{said}; marketing released {shown(document['released_at'])}"
    return f"{said}; marketing waits"


def _whose(document: Mapping[str, Any], shown: Shown) -> str:
    if document["owner"] is None:
        return f"nobody of {document['team'] or 'ours'} has it by name"
    if document["accepted_at"] is None:
        return f"with {document['owner']}, who has not accepted it yet"
    return f"with {document['owner']}, who accepted it {shown(document['accepted_at'])}"


def _promises(document: Mapping[str, Any], shown: Shown) -> Listing:
    table = Listing("promise", "within", "due", "kept", "by", "late or early", prose=["late or early"])
    for each in document["promises"]:
        name = promise_named(each["name"]) + (f" {each['number']}" if each["number"] > 1 else "")
        due = shown(each["due_at"]) if each["due_at"] is not None else "stands still"
        kept = shown(each["kept_at"]) if each["kept_at"] is not None else "no"
        if each["dropped_at"] is not None:
            kept = "not asked any more"
        table.row(name, each["target"], due, kept, each["by"], _off(each))
    return table


def _off(promise: Mapping[str, Any]) -> str:
    off = promise["off_seconds"]
    if off is None:
        return ""
    span = lasting(timedelta(seconds=abs(off)))
    if promise["kept_at"] is None:
        return f"missed, late by {span} so far"
    return f"kept, {span} late" if off > 0 else f"kept, {span} early"


def _pauses(document: Mapping[str, Any], shown: Shown) -> Listing:
    table = Listing("since", "until", "lasted")
    for each in document["pauses"]:
        until = shown(each["until"]) if each["until"] is not None else "still"
        table.row(shown(each["since"]), until, lasting(timedelta(seconds=each["seconds"])))
    return table


def _letters(document: Mapping[str, Any], shown: Shown) -> Listing:
    table = Listing("written", "letter", "fate", "subject", prose=["subject"])
    for each in document["letters"]:
        named = letter_named(each["letter"])
        table.row(shown(each["written_at"]), named, each["fate"] or "on its way", each["subject"])
    return table


def _remedies(document: Mapping[str, Any], shown: Shown) -> Listing:
    table = Listing("remedy", "worth", "state", "proposed", "decided", "rule", "why", "id", prose=["rule", "why"])
    for each in document["remedies"]:
        decided = f"{shown(each['decided_at'])} {each['decided_by'] or BY_ITSELF}" if each["decided_at"] else ""
        if each["state"] == "asked":
            decided = f"asked: {', '.join(each['asked']) or 'nobody'}"
        why = "; instead: ".join(part for part in (each["why"], each["alternative"]) if part)
        worth = f"{each['amount']} {each['currency']}" if float(each["amount"]) else ""
        proposed = f"{shown(each['proposed_at'])} {each['proposed_by']}"
        table.row(each["kind"], worth, each["state"], proposed, decided, each["rule"], why, each["id"])
    return table


def _timeline(story: CaseStory, document: Mapping[str, Any]) -> Listing:
    table = Listing("when", "who", "what", "why", prose=["what", "why"])
    clock = story.view.staff.clock
    for each in document["timeline"]:
        name, data = each["event"], each["data"]
        if of_cases(name):
            what, why = said_of_case(name, data, clock)
        elif name.startswith(TASK):
            what, why = said_of_task(name, data, clock)
        else:
            what, why = happened(each, clock)
        table.row(story.view.staff.shown(each["at"]), each["person"] or "", what, why)
    return table


def _rings(document: Mapping[str, Any], shown: Shown) -> Listing:
    table = Listing("when", "what", prose=["what"])
    for each in document["rings"][:MOST_RINGS]:
        table.row(shown(each["at"]), each["what"])
    return table
