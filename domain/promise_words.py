"""What the promises of a case are called when our people are told of them."""

from domain.follow_up import DUTY

PROMISES: dict[str, dict[str, str]] = {
    "acknowledge": {"en": "acknowledgement", "de": "Bestätigung"},
    "contact": {"en": "first contact", "de": "erster Kontakt"},
    "update": {"en": "next word to the customer", "de": "nächste Nachricht an den Kunden"},
    "diagnose": {"en": "cause", "de": "Ursache"},
    "resolve": {"en": "solution", "de": "Lösung"},
}


def promise_named(key: str, lang: str = "en") -> str:
    """Return what a promise is called, by its name, or by its key in the case or in the follow-up of it.

    >>> promise_named("contact:1"), promise_named("duty-resolve:2", "de"), promise_named("refund")
    ('first contact', 'Lösung', 'refund')
    """
    name = key.removeprefix(DUTY).partition(":")[0]
    return PROMISES.get(name, {}).get("de" if lang.startswith("de") else "en", name)
