"""Sequences that wait, one for each way of waiting; an event, a goal, a condition or an unsubscribe ends them.

`orders` and `changing` are for parallel runs of one contact, and for files that change under a run.
"""

from datetime import UTC, datetime, timedelta

from tests.system.authored import LETTER, sequence
from tests.system.company import Company
from tests.system.waiting import until

EVENTS = """
    events:
      shipped: {fields: [order_id]}
      trial_cancelled: {fields: []}
"""

CALENDARS = """
    calendars:
      later: {{zone: UTC, hours: {{mon-sun: ["{hour:02}:00-{hour:02}:30"]}}}}
"""

FORM = """
    fields: {email: email, first_name: first_name, company: company, benches: benches}
    event: {order_id: order_id}
"""

EXITS = """\
exit:
  - event: trial_cancelled
  - when: contact.company == 'Acme Flow'
"""

WAITS = {
    "sleeping": "- send: letters/news\n- wait: 30 days\n- send: letters/second",
    "listening": """
- send: letters/news
- wait_for: shipped
  up_to: 30 days
  then: [{send: letters/second}]
  otherwise: [{send: letters/first}]
""",
    "windowed": "- send: letters/news\n- {send: letters/second, window: later}",
    "resting": "- send: letters/news\n- send: letters/second",
}

ORDERS = """
- send: letters/receipt
- wait: 6 seconds
- wait_for: shipped
  id: parcel
  where: event.order_id == run.event.order_id
  up_to: 30 days
  then: [{send: letters/first}]
- wait_for: shipped
  id: second-parcel
  since: entry
  where: event.order_id == run.event.order_id
  up_to: 30 days
  then: [{send: letters/second}]
"""

CHANGING = """
- send: letters/receipt
- wait_for: shipped
  up_to: 30 days
  then: [{send: letters/passing}, {send: letters/first}]
- send: letters/second
"""
CHANGED = """
- send: letters/receipt
- send: letters/news
- wait_for: shipped
  up_to: 30 days
  then: [{send: letters/second}]
"""
FORMS = (*WAITS, "orders", "changing")


def add_waits(company: Company) -> None:
    """Publish them in a company, and wait until its web process knows their forms."""
    said = company.edit_all(home_of_waits(datetime.now(UTC)))
    assert all(line.startswith("published") for line in said), said
    for form in FORMS:
        until(lambda form=form: company.post_signed(form, b"{}").status != 404, f"form {form}")  # type: ignore[misc]


def home_of_waits(now: datetime) -> dict[str, str]:
    """Return the files to be added to a company's home. The window `later` is closed for hours from `now` on."""
    opens = (now.astimezone(UTC) + timedelta(hours=6)).hour
    files = {"policies/events.yaml": EVENTS, "policies/calendars.yaml": CALENDARS.format(hour=opens)}
    for name in FORMS:
        files[f"policies/forms/{name}.yaml"] = FORM
    for name, steps in WAITS.items():
        files[f"sequences/{name}.yaml"] = sequence(name, steps).replace("steps:\n", f"{EXITS}steps:\n")
    files["sequences/orders.yaml"] = sequence("orders", ORDERS, "never, per: run.event.order_id")
    passing = LETTER.format(class_="marketing", subject="The passing letter")
    return files | {"templates/email/letters/passing.html": passing, "sequences/changing.yaml": changing(CHANGING)}


def changing(steps: str) -> str:
    """Return the file of the sequence that changes."""
    return sequence("changing", steps)
