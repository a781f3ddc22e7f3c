"""A home as marketing ops would write it, small enough to see all of it: one form, one sequence, one letter a case."""

from pathlib import Path
from textwrap import dedent

MESSAGING = """
    organisation: {name: Acme Flow, address: "Acme Flow GmbH, Munich", time_zone: Europe/Berlin, locale: en}
    senders:
      default: {from: "Mira <hello@acme.example>"}
    topics:
      product-news: {label: Product news, default: opted_in}
    expires: {marketing: 7 days, service: 2 days, transactional: 1 day}
"""

LETTER = """
    ---
    class: {class_}
    ---
    {{% extends "layouts/plain" %}}
    {{% block subject %}}{subject}{{% endblock %}}
    {{% block html %}}<p>Hello {{{{ contact.first_name|fallback("there") }}}}.</p>{{% endblock %}}
"""

LAYOUT = """
    <!doctype html>
    <html lang="en"><head><title>{% block subject %}{% endblock %}</title></head>
    <body>{% block html %}{% endblock %}<p>{{ organisation.address }}</p>
    <p><a href="{{ unsubscribe_url }}">Unsubscribe</a> <a href="{{ preferences_url }}">Choose</a></p></body></html>
"""

FORM = """
    fields: {email: email, first_name: first_name, company: company, benches: benches}
"""

SEQUENCE = """
    description: {name}
    owner: growth@acme.example
    topic: product-news
    enter: {{on: {{form: {name}}}, again: {again}}}
    goal: {{event: meeting_booked}}
    steps:
"""

NEWS = "- send: letters/news"
RECEIPT = "- send: letters/receipt"
TOUR = """
- send: letters/first
- wait: 6 seconds
- update: {benches: +1}
- send: letters/second
"""

SEQUENCES = {"news": NEWS, "receipt": RECEIPT, "tour": TOUR, "edited": TOUR}
# A form nobody enters a sequence by; it only makes contacts.
PLAIN_FORM = "guestbook"


def sequence(name: str, steps: str, again: str = "never") -> str:
    """Return the file of a sequence that the form of its name starts."""
    listed = "".join(f"  {line}\n" for line in steps.strip().splitlines())
    return dedent(SEQUENCE.format(name=name, again=again)).lstrip() + listed


def write_home(home: Path) -> None:
    """Write the files."""
    write(home, "policies/messaging.yaml", MESSAGING)
    write(home, "policies/contact.yaml", "fields: {benches: {type: number, label: Benches}}")
    write(home, "templates/email/layouts/plain.html", LAYOUT)
    for name, class_ in (
        ("news", "marketing"),
        ("first", "marketing"),
        ("second", "marketing"),
        ("receipt", "service"),
    ):
        write(home, f"templates/email/letters/{name}.html", LETTER.format(class_=class_, subject=f"The {name} letter"))
    for name in (*SEQUENCES, PLAIN_FORM):
        write(home, f"policies/forms/{name}.yaml", FORM)
    for name, steps in SEQUENCES.items():
        write(home, f"sequences/{name}.yaml", sequence(name, steps))


def write(home: Path, path: str, text: str) -> None:
    """Write one file of the home."""
    file = home / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dedent(text).lstrip(), encoding="utf-8")
