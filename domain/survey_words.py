"""What surveys ask as delivered, in every language that pages speak; policies/surveys.yaml says it otherwise."""

from domain.survey_policy import Kind, Language, Survey

Said = dict[Language, str]

_QUESTIONS: dict[Kind, Said] = {
    "csat": {
        "en": "How satisfied are you?",
        "de": "Wie zufrieden sind Sie?",
    },
    "nps": {
        "en": "How likely is it that you would recommend us?",
        "de": "Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?",
    },
    "effort": {
        "en": "We made it easy for you: do you agree?",
        "de": "Wir haben es Ihnen leicht gemacht: Stimmen Sie zu?",
    },
    "case": {
        "en": "How satisfied are you with what we did about it?",
        "de": "Wie zufrieden sind Sie damit, wie wir es gelöst haben?",
    },
}
_LOWEST: dict[Kind, Said] = {
    "csat": {"en": "not at all", "de": "gar nicht"},
    "nps": {"en": "not at all likely", "de": "sehr unwahrscheinlich"},
    "effort": {"en": "not at all", "de": "gar nicht"},
    "case": {"en": "not at all", "de": "gar nicht"},
}
_HIGHEST: dict[Kind, Said] = {
    "csat": {"en": "very", "de": "sehr"},
    "nps": {"en": "very likely", "de": "sehr wahrscheinlich"},
    "effort": {"en": "fully", "de": "voll und ganz"},
    "case": {"en": "very", "de": "sehr"},
}
_THANKS: Said = {
    "en": "We have your answer. A person reads it.",
    "de": "Ihre Antwort ist da. Ein Mensch liest sie.",
}
KEPT: Said = {
    "en": "Did we do what we had promised?",
    "de": "Haben wir gehalten, was wir zugesagt hatten?",
}


def language_of(lang: str | None) -> Language:
    """Return the language of ours that a tag such as `de-AT` means, else English.

    >>> language_of("de-AT"), language_of("fr"), language_of(None)
    ('de', 'en', 'en')
    """
    return "de" if (lang or "").replace("_", "-").partition("-")[0].lower() == "de" else "en"


def question(survey: Survey, lang: Language) -> str:
    """Return what it asks.

    >>> question(Survey.model_validate({"kind": "csat", "question": {"en": "Is the board right?"}}), "en")
    'Is the board right?'
    """
    return survey.question.in_(lang) or _QUESTIONS[survey.kind][lang]


def effort(lang: Language) -> tuple[str, str, str]:
    """Return the question for the effort, what its least score means, and what its greatest."""
    return _QUESTIONS["effort"][lang], _LOWEST["effort"][lang], _HIGHEST["effort"][lang]


def ends(survey: Survey, lang: Language) -> tuple[str, str]:
    """Return what the least score means, and the greatest."""
    lowest, highest = _LOWEST[survey.kind], _HIGHEST[survey.kind]
    return survey.lowest.in_(lang) or lowest[lang], survey.highest.in_(lang) or highest[lang]


def thanks(survey: Survey, lang: Language) -> str:
    """Return what is said to whoever has answered."""
    return survey.thanks.in_(lang) or _THANKS[lang]
