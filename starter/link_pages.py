"""The pages behind our links, as Jinja: what they say is in `link_words.py`, how they look in `pages.py`.

Each is one page without scripts. What only looks has no form, and what acts is a POST.
"""

UNSUBSCRIBE = """{% extends "shell" %}{% block title %}{{ say.which }}{% endblock %}
{% block body %}<p>{{ say.nothing_yet }}</p>
<form method="post">
<button name="stop" value="topic">
{{- say.stop_this.format(topic=label) if label else say.stop_topic -}}
</button>
<button name="stop" value="everything" class="quiet">{{ say.stop_everything }}</button>
</form>
{% if preferences %}<p><a href="{{ preferences }}">{{ say.change_instead }}</a></p>{% endif %}
<p>{{ say.still_reaches }}</p>{% endblock %}"""

UNSUBSCRIBED = """{% extends "shell" %}{% block title %}{{ say.stopped }}{% endblock %}
{% block body %}<p>{{ say.stopped_now }}</p>
<p>{{ say.should_another }}</p>
<p>{{ say.by_mistake }}</p>
<form method="post"><button name="undo" value="yes" class="quiet">{{ say.undo }}</button></form>{% endblock %}"""

UNDONE = """{% extends "shell" %}{% block title %}{{ say.undone }}{% endblock %}
{% block body %}<p>{{ say.undone_now }}</p>{% endblock %}"""

CONFIRM = """{% extends "shell" %}{% block title %}{{ say.confirm_title }}{% endblock %}
{% block body %}<p>{{ say.confirm_what.format(topic=label) }}</p>
<form method="post"><button>{{ say.confirm_button }}</button></form>
<p>{{ say.confirm_else }}</p>{% endblock %}"""

CONFIRMED = """{% extends "shell" %}{% block title %}{{ say.confirmed }}{% endblock %}
{% block body %}<p>{{ say.confirmed_now }}</p>{% endblock %}"""

STALE = """{% extends "shell" %}{% block title %}{{ say.stale }}{% endblock %}
{% block body %}<p>{{ say.stale_why }}</p>
<p>{{ say.stale_then }}</p>{% endblock %}"""

UNKNOWN = """{% extends "shell" %}{% block title %}{{ say.unknown_link }}{% endblock %}
{% block body %}<p>{{ say.unknown_then }}</p>{% endblock %}"""

PREFERENCES = """{% extends "shell" %}{% block title %}{{ say.preferences }}{% endblock %}
{% block body %}
{% for notice in notices %}<p class="notice" role="status">{{ notice }}</p>{% endfor %}
<form method="post" class="page">
{% if rows %}<h2>{{ say.topics }}</h2>{% endif %}
{% for row in rows %}
<fieldset>
<legend>{{ row.called }}</legend>
<input type="hidden" name="was:{{ row.name }}" value="{{ row.value }}">
{% for value in ("yes", "no") %}<label><input type="radio" name="say:{{ row.name }}" value="{{ value }}"
{%- if row.value == value %} checked{% endif %}> {{ say[value] }}</label>
{% endfor %}</fieldset>
{% endfor %}
{% for part in parts %}
<h2 id="{{ part.name }}">{{ say[part.title] }}</h2>
{% if part.why %}<p>{{ part.why }}</p>{% endif %}
{% for field in part.fields %}<p><label>{{ field.called }}
<select name="{{ field.name }}"{% if not field.called %} aria-labelledby="{{ part.name }}"{% endif %}>
{% for value, text in field.options %}<option value="{{ value }}"
{%- if value == field.value %} selected{% endif %}>{{ text }}</option>
{% endfor %}</select></label></p>
{% endfor %}
{% endfor %}
<button>{{ say.save }}</button>
</form>
<h2>{{ say.everything_title }}</h2>
<form method="post"><button name="everything" value="stop" class="quiet">{{ say.stop_everything }}</button></form>
<p>{{ say.still_reaches }}</p>{% endblock %}"""

LINK_PAGES = {
    "unsubscribe": UNSUBSCRIBE,
    "unsubscribed": UNSUBSCRIBED,
    "undone": UNDONE,
    "confirm": CONFIRM,
    "confirmed": CONFIRMED,
    "stale": STALE,
    "unknown": UNKNOWN,
    "preferences": PREFERENCES,
}
