"""The page behind a link to our people, as Jinja: what it says is in `staff_words.py`, how it looks in `pages.py`.

Without scripts: each thing that can be done is a form of its own, folded away until somebody wants it.
"""

from starter.case_parts import CASE_PARTS

TASK = """{% extends "shell" %}{% block title %}{{ title }}{% endblock %}
{% block body %}
{% if notice %}<p class="notice" role="status">{{ notice }}</p>{% endif %}
{% if problem %}<p class="notice problem" role="alert">{{ say.not_done }} <span lang="{{ problem_lang }}">
{{- problem | sentence }}</span></p>{% endif %}
<p>{{ say["for"].format(who=me) }}{% for each in standing %} {{ each }}{% endfor %}</p>
{% if clocks %}<table>{% for clock in clocks %}
<tr><th scope="row">{{ clock.called }}</th><td><time datetime="{{ clock.at }}">{{ clock.shown }}</time>
{%- if clock.over %} <strong>{{ say.overdue }}</strong>{% endif %}</td></tr>{% endfor %}
</table>{% endif %}
<p class="small">{{ say.on_clock.format(zone=zone) }}</p>
{% if case %}{% include "case-story" %}{% endif %}
{% for verb in ("accept", "take") if verb in offers %}<form method="post">
<input type="hidden" name="do" value="{{ verb }}"><input type="hidden" name="key" value="{{ key }}">
<button id="{{ verb }}">{{ say[verb] }}</button></form>{% endfor %}
<h2>{{ say.contact }}</h2>
<table>{% for called, text, link in contact %}
<tr><th scope="row">{{ called }}</th><td>
{%- if link %}<a href="{{ link }}">{{ text }}</a>{% else %}{{ text }}{% endif %}</td></tr>{% endfor %}
</table>
<h2>{{ say.act }}</h2>
{% include "task-actions" %}
<h2>{{ say.why }}</h2>
<p>{{ opened }}{% if why %} <span lang="en">{{ why | join("; ") | sentence }}</span>{% endif %}</p>
<h2>{{ say.so_far }}</h2>
{% with rows = moves %}{% include "task-lines" %}{% endwith %}
<h2>{{ say.timeline }}</h2>
{% with rows = lines %}{% include "task-lines" %}{% endwith %}
{% endblock %}"""

LINES = """{% if rows %}<ol class="lines">
{% for row in rows %}<li><span class="small"><time datetime="{{ row.at }}">{{ row.shown }}</time>
{%- if row.who %} · {{ row.who }}{% endif %}</span> {{ row.what }}</li>
{% endfor %}</ol>{% else %}<p>{{ say.nothing }}</p>{% endif %}"""

ACTIONS = """{% macro begin(verb) %}<form method="post" class="page">
<input type="hidden" name="do" value="{{ verb }}"><input type="hidden" name="key" value="{{ key }}">{% endmacro %}
{% macro folded(verb) %}<details id="{{ verb }}"{% if asked == verb %} open{% endif %}>
<summary>{{ say[verb] }}</summary>{% endmacro %}
{% macro typed_in(verb, name) %}{{ typed.get(name, "") if asked == verb else "" }}{% endmacro %}
{% macro lines_for(verb, name, label, needed) %}<p><label for="{{ verb }}-{{ name }}">{{ label }}</label>
<textarea id="{{ verb }}-{{ name }}" name="{{ name }}" rows="3"{% if needed %} required{% endif %}>
{{ typed_in(verb, name) }}</textarea></p>{% endmacro %}
{% if "complete" in offers %}{{ folded("complete") }}{{ begin("complete") }}
{% if outcomes %}<fieldset><legend>{{ say.outcome }}</legend>
{% for outcome in outcomes %}<label><input type="radio" name="outcome" value="{{ outcome }}" required
{%- if typed_in("complete", "outcome") == outcome %} checked{% endif %}> {{ outcome | replace("_", " ") }}</label>
{% endfor %}</fieldset>
{% else %}<p><label for="outcome">{{ say.outcome }}</label>
<input id="outcome" name="outcome" maxlength="100" required
 value="{{ typed_in("complete", "outcome") }}"></p>{% endif %}
{{ lines_for("complete", "note", say.note, false) }}
<button>{{ say.do_complete }}</button></form></details>{% endif %}
{% if snooze %}{{ folded("snooze") }}<p>{{ snooze.limit }}</p>
{% if snooze.presets %}{{ begin("snooze") }}<p class="choices">
{% for at, shown in snooze.presets %}<button name="until" value="{{ at }}" class="quiet">{{ shown }}</button>
{% endfor %}</p></form>{% endif %}
{{ begin("snooze") }}<p><label for="at">{{ say.until.format(zone=zone) }}</label>
<input id="at" type="datetime-local" name="at" required min="{{ snooze.min }}" max="{{ snooze.max }}"
 value="{{ typed_in("snooze", "at") }}"></p>
<button>{{ say.do_snooze }}</button></form></details>{% endif %}
{% if "reassign" in offers %}{{ folded("reassign") }}{{ begin("reassign") }}
<p><label for="to">{{ say.to }}</label>
<select id="to" name="to" required><option value="">{{ say.choose }}</option>
{% for group in people %}<optgroup label="{{ group.called }}">
{% for person in group.people %}<option value="{{ person.key }}"{% if person.away %} disabled{% endif %}
{%- if typed_in("reassign", "to") == person.key %} selected{% endif %}>{{ person.called }}</option>
{% endfor %}</optgroup>
{% endfor %}</select></p>
{{ lines_for("reassign", "note", say.note, false) }}
<button>{{ say.do_reassign }}</button></form></details>{% endif %}
{% if case %}{% include "case-actions" %}{% else %}{{ folded("comment") }}{{ begin("comment") }}
{{ lines_for("comment", "note", say.comment_text, true) }}
<button>{{ say.do_comment }}</button></form></details>{% endif %}
{% if "cancel" in offers %}{{ folded("cancel") }}{{ begin("cancel") }}
{{ lines_for("cancel", "reason", say.reason, true) }}
<button class="quiet">{{ say.do_cancel }}</button></form></details>{% endif %}
"""

NO_TASK = """{% extends "shell" %}{% block title %}{{ say[which] }}{% endblock %}
{% block body %}<p>{{ say[then] }}</p>
{% if pairs %}<form method="post">{% for name, value in pairs %}
<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
<button>{{ say.again }}</button></form>{% endif %}{% endblock %}"""

STAFF_PAGES = CASE_PARTS | {"task": TASK, "task-lines": LINES, "task-actions": ACTIONS, "no-task": NO_TASK}
