"""The page of a survey: as Jinja, and what it says beside the questions, in every language pages speak.

The questions themselves are the survey's (`domain/survey_words.py`, policies/surveys.yaml). English is first.
"""

SURVEY = """{% extends "shell" %}{% block title %}{{ ask.title }}{% endblock %}
{% block body %}
{% if notice %}<p class="notice problem" role="alert">{{ notice }}</p>{% endif %}
<p>{{ ask.not_yet if not before else ask.change }}</p>
<form method="post" class="page asked">
{% for field in fields %}
<fieldset>
<legend>{{ field.question }}</legend>
{% if field.ends %}<p class="ends small"><span>{{ field.options[0][0] }}: {{ field.ends[0] }}</span>
<span>{{ field.options[-1][0] }}: {{ field.ends[1] }}</span></p>{% endif %}
<div class="scores">{% for value, text in field.options %}<label><input type="radio" name="{{ field.name }}"
 value="{{ value }}"{% if field.required %} required{% endif %}
{%- if field.value == value %} checked{% endif %}> {{ text }}</label>
{% endfor %}</div>
</fieldset>
{% endfor %}
<p><label for="comment">{{ ask.comment }}</label>
<textarea id="comment" name="comment" rows="4" maxlength="{{ most }}">{{ comment }}</textarea></p>
<button>{{ ask.send }}</button>
</form>{% endblock %}"""

SURVEY_THANKS = """{% extends "shell" %}{% block title %}{{ ask.thanks }}{% endblock %}
{% block body %}<p>{{ thanks }}</p>
{% if calls %}<p>{{ ask.calls }}</p>{% endif %}
<p class="small"><a href="{{ again }}">{{ ask.again }}</a> {{ ask.until.format(day=day) }}</p>{% endblock %}"""

SURVEY_OVER = """{% extends "shell" %}{% block title %}{{ ask.over }}{% endblock %}
{% block body %}<p>{{ ask.over_answered if answered else ask.over_old }}</p>
<p>{{ ask.over_then }}</p>{% endblock %}"""

SURVEY_PAGES = {"survey": SURVEY, "survey-thanks": SURVEY_THANKS, "survey-over": SURVEY_OVER}

WORDS: dict[str, dict[str, str]] = {
    "title": {"en": "What do you think?", "de": "Was meinen Sie?"},
    "not_yet": {
        "en": "Nothing has been sent yet. Choose, and press the button below.",
        "de": "Noch ist nichts gesendet. Wählen Sie, und drücken Sie unten auf den Knopf.",
    },
    "change": {
        "en": "This is what you answered. You can change it; what you send last counts.",
        "de": "Das haben Sie geantwortet. Sie können es ändern; es zählt, was Sie zuletzt senden.",
    },
    "choose": {
        "en": "Nothing was sent: please choose an answer to the first question.",
        "de": "Es wurde nichts gesendet: Bitte wählen Sie eine Antwort auf die erste Frage.",
    },
    "comment": {
        "en": "What should we know about it? (If you like)",
        "de": "Was sollten wir dazu wissen? (Wenn Sie mögen)",
    },
    "send": {"en": "Send my answer", "de": "Antwort senden"},
    "yes": {"en": "Yes", "de": "Ja"},
    "no": {"en": "No", "de": "Nein"},
    "thanks": {"en": "Thank you", "de": "Danke"},
    "calls": {
        "en": "That is not how it should be. Somebody of us will be in touch with you about it.",
        "de": "So soll es nicht sein. Jemand von uns meldet sich deswegen bei Ihnen.",
    },
    "again": {"en": "Change the answer", "de": "Antwort ändern"},
    "until": {"en": "(until {day})", "de": "(bis {day})"},
    "over": {"en": "This survey is closed", "de": "Diese Umfrage ist beendet"},
    "over_answered": {
        "en": "We have your answer, and it cannot be changed any more.",
        "de": "Ihre Antwort ist da; sie lässt sich nicht mehr ändern.",
    },
    "over_old": {
        "en": "This link was made a while ago and is not answered any more. Nothing has been sent.",
        "de": "Dieser Link ist schon älter und gilt nicht mehr. Es wurde nichts gesendet.",
    },
    "over_then": {
        "en": "If there is something we should know, reply to the e-mail: a person will read it.",
        "de": "Wenn wir etwas wissen sollten, antworten Sie auf die E-Mail: Ein Mensch liest sie.",
    },
}


def survey_words(lang: str) -> dict[str, str]:
    """Return what the page says beside its questions.

    >>> survey_words("de")["yes"], set(survey_words("en")) == set(survey_words("de"))
    ('Ja', True)
    """
    return {name: said[lang] for name, said in WORDS.items()}
