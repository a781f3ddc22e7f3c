"""The words in which people say when they are back, in English, German, French and Spanish.

`BACK` stands beside the first day in the office, `LAST` beside the last day away, `START` beside the first day away.
Whoever adds a language adds its months, its days, and its words here.
"""

import re
from collections.abc import Mapping

MONTHS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner januari janvier janv enero ene",
            "february feb february februar febr février févr fevrier fev febrero",
            "march mar märz maerz mrz mars marzo",
            "april apr avril avr abril abr",
            "may mai mayo",
            "june jun juni juin junio",
            "july jul juli juillet juil julio",
            "august aug août aout agosto ago",
            "september sept sep septembre septiembre setiembre",
            "october oct oktober okt octobre octubre",
            "november nov novembre noviembre",
            "december dec dezember dez décembre déc decembre diciembre dic",
        ),
        start=1,
    )
    for name in names.split()
}
DAYS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "monday mon montag lundi lunes",
            "tuesday tue tues dienstag mardi martes",
            "wednesday wed mittwoch mercredi miércoles miercoles",
            "thursday thu thur thurs donnerstag jeudi jueves",
            "friday fri freitag vendredi viernes",
            "saturday sat samstag sonnabend samedi sábado sabado",
            "sunday sun sonntag dimanche domingo",
        )
    )
    for name in names.split()
}
TOMORROW = "tomorrow morgen demain mañana"
NEXT_WEEK = (
    r"next week|(?:der )?nächste[rn]? woche|(?:la )?semaine prochaine|(?:la )?(?:próxima semana|semana que viene)"
)

BACK = re.compile(
    r"\b(?:back|return(?:ing|s)?|resum(?:e|ing)|reachable|available|in (?:the|my) office (?:again )?on"
    r"|zurück|wieder|rückkehr|erreichbar"
    r"|de retour|retour|reviens|reviendrai|revenir|rentre(?:rai)?|disponible|joignable|reprendrai|reprends"
    r"|vuelvo|volveré|vuelta|regreso|regresaré|retorno|reincorpor\w+|nuevamente|de nuevo)\b"
)
# Behind the date only what can mean nothing else: `until 4 December, when I am back` is said otherwise.
BACK_BEHIND = re.compile(
    r"\b(?:(?:i am|i'm|i will be|i'll be|be) back|i (?:will )?return|wieder|zurück|de retour|de vuelta|de nuevo)\b"
)
LAST = re.compile(
    r"\b(?:until|till?|through|thru|up to|including|ending|bis|einschließlich|inklusive|jusqu(?:['’ ]|e\b)|hasta)"
)
START = re.compile(
    r"\b(?:from|since|starting|beginning|as of|ab|vom|von|seit|du|dès|à partir|depuis|del|desde|a partir)\b"
)
# `I cannot answer until the 7th`: who is away until a day cannot mean that day.
NOT_UNTIL = re.compile(
    r"\b(?:not|cannot|unable|won['’]?t|can['’]?t|no)\b(?!.*\b(?:office|oficina)\b)[^.!?]*\b(?:until|till?|hasta)\b"
    r"|\b(?:before|vor|avant|antes)\b"
)
BETWEEN = re.compile(
    r"\s*(?:,|-|–|—|to|until|till|through|and|bis(?: zum| einschließlich)?|au|al|hasta|et|y)?"
    r"\s*(?:el|le|the|zum|den|dem)?\s*"
)
# `from the 23rd to`, `del 23 al`, before the date that says the month of both.
SPAN_OF_DAYS = re.compile(
    r"\b(?:from|between|vom|von|du|del|desde|entre)\s+(?:[^\W\d]+,?\s+){0,2}\d{1,2}(?:st|nd|rd|th|er|º|\.)?"
    r"\s*(?:-|–|—|to|until|till|through|and|bis|au|al|hasta|et|y)\s*(?:the |el |le |zum |den |dem |[^\W\d]+, )?$"
)

_SAID: Mapping[str, str] = {
    "en": " the i will be am out of office and my back until your for with return ",
    "de": " ich bin der die das und nicht im am bis ab dem wieder vom ihre nachricht mit sie ",
    "fr": " je suis le la les et de du au jusqu votre serai absent absente bureau retour pour à ",
    "es": " el la de y que hasta estaré fuera vuelvo mi su correo oficina los del en por ",
}


def language_of(text: str) -> str:
    """Return the language a text is most likely in: en, de, fr or es.

    >>> language_of("Ich bin bis zum 5.12. nicht im Büro"), language_of("Back on 12/7")
    ('de', 'en')
    """
    words = re.findall(r"[a-zäöüßàâçéèêëîïôûñáíóú]+", text.lower())
    return max(_SAID, key=lambda language: sum(f" {word} " in _SAID[language] for word in words))


_AWAY = re.compile(
    r"\bout of (?:the )?office\b|\bautomatic reply\b"
    r"|\b(?:away|(?:on|annual|parental|sick) leave|vacation|holidays?|travell?ing)\b"
    r"|\babwesen|\burlaub\b|nicht im (?:büro|haus)|außer haus|automatische antwort|elternzeit|dienstreise"
    r"|\babsen(?:t|te|ce)\b|\bcong[ée]s?\b|\bvacances\b|réponse automatique"
    r"|fuera de (?:la )?oficina|\bvacaciones\b|\bausente\b|estar[ée] fuera|respuesta autom[áa]tica",
    re.IGNORECASE,
)


def is_absence(text: str) -> bool:
    """Return whether an automatic answer says that somebody is away; many only say that a mail has arrived.

    >>> is_absence("Ich bin im Urlaub."), is_absence("Your request has been received: ticket 4711.")
    (True, False)
    """
    return _AWAY.search(text[:4_000]) is not None
